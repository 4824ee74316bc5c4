"""Pages of products."""

from typing import Any

from catalog.listing import ProductListing
from catalog.showcase import products_listed
from shop.api.pagination import PagePagination


class ProductPagination(PagePagination):
    """Find the ids of the page first; read the rows of these alone."""

    def cut(self, queryset: Any, start: int, size: int) -> tuple[int, list[Any]]:
        listing: ProductListing = queryset
        total, ids = listing.page(start, size)
        return total, products_listed(ids) if ids else []


class ShortListPagination(PagePagination):
    """Cut a list that is read whole: a few words."""

    def cut(self, queryset: Any, start: int, size: int) -> tuple[int, list[Any]]:
        rows: list[Any] = queryset
        return len(rows), rows[start : start + size]
