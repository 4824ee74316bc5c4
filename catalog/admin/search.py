"""What the back office's search box finds in the catalogue."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from catalog.admin.desk import products_holding
from catalog.models import Product, Sku
from shop.back_office.figures import money
from shop.back_office.search import FOUND_MAX

# One letter is in too many products to help anybody.
_WORD_MIN = 2


def products_found(request: HttpRequest, word: str) -> list[SearchResult]:
    """Find products by the keyword index, or by a SKU's whole code."""
    if len(word) < _WORD_MIN or not request.user.has_perm("catalog.view_product"):
        return []
    coded = Sku.objects.active().exclude(code="").filter(code=word)
    # One after the other: of both at once the database would read every product.
    found = [
        *_first(coded.values("product")),
        *_first(products_holding(word)),
    ]
    return [_shown(product) for product in dict.fromkeys(found)][:FOUND_MAX]


def _first(ids: Any) -> Any:
    return Product.objects.present().filter(pk__in=ids).order_by("-pk")[:FOUND_MAX]


def _shown(product: Product) -> SearchResult:
    facts = ("商品", product.get_status_display(), money(product.price))
    return SearchResult(
        title=product.name,
        description=" · ".join(facts),
        link=reverse("admin:catalog_product_change", args=[product.pk]),
        icon="inventory_2",
    )
