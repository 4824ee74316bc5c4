"""What the catalogue keeps of its past, by the key under which a service writes it."""

from collections.abc import Collection
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, OuterRef, QuerySet

from catalog.errors import ContentChanged
from catalog.models import (
    Banner,
    Category,
    HomeSection,
    HomeSectionProduct,
    Product,
    ProductImage,
    SearchWord,
    Sku,
)
from shop.history import HistoryBook


def _products(ids: Collection[int]) -> QuerySet[Any]:
    images = ProductImage.objects.filter(product=OuterRef("pk"))
    pictures = ArraySubquery(images.order_by("position", "pk").values("file"))
    return Product.objects.filter(pk__in=ids).annotate(pictures=pictures)


def _skus(product_ids: Collection[int]) -> QuerySet[Any]:
    return Sku.objects.filter(product__in=product_ids).order_by("position", "pk")


def _sections(ids: Collection[int]) -> QuerySet[Any]:
    lines = HomeSectionProduct.objects.filter(section=OuterRef("pk"))
    chosen = ArraySubquery(lines.order_by("position", "pk").values("product"))
    return HomeSection.objects.filter(pk__in=ids).annotate(products=chosen)


def _of(model: type[Model]) -> HistoryBook:
    """Keep rows that are all of it themselves."""
    return HistoryBook(model, lambda ids: model._default_manager.filter(pk__in=ids))


BANNERS = _of(Banner)
CATEGORIES = _of(Category)
PRODUCTS = HistoryBook(Product, _products)
# By the id of the product.
SKUS = HistoryBook(Sku, _skus)
SECTIONS = HistoryBook(HomeSection, _sections)
WORDS = _of(SearchWord)


def unchanged_require(book: HistoryBook, pk: int, expected: int | None) -> None:
    """Refuse what was written on an older page; None: on none.

    Locks: the caller holds that of the row.
    Raises: ContentChanged.
    """
    if expected is not None and book.version(pk) != expected:
        raise ContentChanged
