"""Pages of products."""

from typing import Any

from catalog.listing import ProductListing
from catalog.models import Product
from catalog.showcase import showcase
from shop.api.pagination import PagePagination


class ProductPagination(PagePagination):
    """Find the ids of the page first; read the rows of these alone."""

    def cut(self, queryset: Any, start: int, size: int) -> tuple[int, list[Any]]:
        listing: ProductListing = queryset
        total, ids = listing.page(start, size)
        if not ids:
            return total, []
        rows = {row.pk: row for row in showcase(Product.objects.filter(pk__in=ids))}
        return total, [rows[pk] for pk in ids if pk in rows]
