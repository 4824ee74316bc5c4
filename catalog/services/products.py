"""The writes of a product: one transaction each, under the product's lock."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog.locks import product_lock
from catalog.models import Product, ProductImage, ProductStatus
from catalog.services.skus import SkuChange, sku_of_plain_product, skus_replace
from catalog.showcase import NOT_FOUND
from shop.errors import NotFound


@transaction.atomic
def product_create(
    *,
    fields: Mapping[str, Any],
    skus: Sequence[SkuChange],
    images: Sequence[str] = (),
    operator_id: int | None,
) -> Product:
    """Add a product with its SKUs, their stock and its pictures (storage names).

    Raises: Invalid.
    """
    prices = [sku.price for sku in skus if sku.price is not None]
    product = Product.objects.create(**fields, price=min(prices, default=Decimal(0)))
    skus_replace(product=product, changes=skus, operator_id=operator_id)
    product.save(update_fields=["price", "spec_names"])
    _images_replace(product, images)
    return product


@transaction.atomic
def product_update(
    *,
    product_id: int,
    fields: Mapping[str, Any],
    images: Sequence[str] | None = None,
    only_sku: SkuChange | None = None,
    skus: Sequence[SkuChange] | None = None,
    operator_id: int | None,
) -> None:
    """Change what is given; `only_sku` is for a product that has one.

    A SKU that is left out of `skus` retires with its stock; one that comes back
    later is a new SKU.
    Locks: the product, then its SKUs in primary-key order.
    Raises: NotFound, Invalid, StockChanged.
    """
    product = _product_locked(product_id)
    before = _facts(product)
    for name, value in fields.items():
        setattr(product, name, value)
    if only_sku is not None:
        skus = [replace(only_sku, id=sku_of_plain_product(product=product))]
    if skus is not None:
        skus_replace(product=product, changes=skus, operator_id=operator_id)
    has_new_images = images is not None and _images_replace(product, images)
    if has_new_images or _facts(product) != before:
        product.save()


@transaction.atomic
def product_delete(*, product_id: int) -> None:
    """Mark a product as deleted; its SKUs, orders and ledger stay.

    Locks: the product.
    Raises: NotFound.
    """
    product = _product_locked(product_id)
    product.status = ProductStatus.DELETED
    product.save(update_fields=["status", "updated_at"])


def _product_locked(product_id: int) -> Product:
    product = product_lock(product_id)
    if product is None or product.status == ProductStatus.DELETED:
        raise NotFound(NOT_FOUND)
    return product


def _facts(product: Product) -> dict[str, Any]:
    return {
        field.attname: getattr(product, field.attname)
        for field in Product._meta.concrete_fields
    }


def _images_replace(product: Product, names: Sequence[str]) -> bool:
    """Write the pictures if they differ; say whether they did."""
    rows = ProductImage.objects.filter(product=product)
    if list(rows.order_by("position", "pk").values_list("file", flat=True)) == [*names]:
        return False
    rows.delete()
    ProductImage.objects.bulk_create(
        ProductImage(product=product, file=name, position=position)
        for position, name in enumerate(names)
    )
    return True
