"""What the catalogue keeps of its past, by the key under which a service writes it."""

from collections.abc import Collection
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from catalog.models import Category, Product, ProductImage, Sku
from shop.history import HistoryBook


def _categories(ids: Collection[int]) -> QuerySet[Any]:
    return Category.objects.filter(pk__in=ids)


def _products(ids: Collection[int]) -> QuerySet[Any]:
    images = ProductImage.objects.filter(product=OuterRef("pk"))
    pictures = ArraySubquery(images.order_by("position", "pk").values("file"))
    return Product.objects.filter(pk__in=ids).annotate(pictures=pictures)


def _skus(product_ids: Collection[int]) -> QuerySet[Any]:
    return Sku.objects.filter(product__in=product_ids).order_by("position", "pk")


CATEGORIES = HistoryBook(Category, _categories)
PRODUCTS = HistoryBook(Product, _products)
# By the id of the product.
SKUS = HistoryBook(Sku, _skus)
