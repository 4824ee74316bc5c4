"""The writes of a product: one transaction each, under the product's lock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.errors import ProductAdded, ProductChanged
from catalog.locks import (
    category_hold,
    freight_template_hold,
    product_lock,
    products_lock,
)
from catalog.models import Product, ProductAddition, ProductImage, ProductStatus
from catalog.services.history import PRODUCTS, SKUS
from catalog.services.skus import SkuChange, sku_of_plain_product, skus_replace
from catalog.showcase import NOT_FOUND
from shop.api.kept.store import answers_drop
from shop.errors import Invalid, NotFound
from shop.history import history_begin, history_kept
from shop.retention import rows_delete

# Longer than any page stays good: a login ends within a day.
ADDITIONS_KEPT = timedelta(days=30)


@transaction.atomic
def product_create(
    *,
    fields: Mapping[str, Any],
    skus: Sequence[SkuChange],
    images: Sequence[str] = (),
    page_key: UUID | None = None,
    operator_id: int | None,
    reason: str = "",
) -> Product:
    """Add a product with its SKUs, their stock and its pictures (storage names).

    A page's key adds once: its twin waits for the key until the other commits. The
    history keeps the reason.
    Locks: the category, the freight template.
    Raises: Invalid, ProductAdded.
    """
    answers_drop()
    _hold_named(fields)
    prices = [sku.price for sku in skus if sku.price is not None]
    product = Product.objects.create(**fields, price=min(prices, default=Decimal(0)))
    if page_key is not None:
        _key_use(page_key, product)
    skus_replace(product=product, changes=skus, operator_id=operator_id)
    product.save(update_fields=["price", "spec_names"])
    _images_replace(product, images)
    history_begin(
        *(PRODUCTS, SKUS), keys=[product.pk], operator_id=operator_id, reason=reason
    )
    return product


@transaction.atomic
def product_update(
    *,
    product_id: int,
    fields: Mapping[str, Any],
    images: Sequence[str] | None = None,
    only_sku: SkuChange | None = None,
    skus: Sequence[SkuChange] | None = None,
    expected_version: str | None = None,
    operator_id: int | None,
) -> None:
    """Change what is given; `only_sku` is for a product that has one.

    A SKU that is left out of `skus` retires with its stock; one that comes back
    later is a new SKU. `expected_version` is the `version` that the editor saw.
    Locks: the category, the freight template, the product, then its SKUs in
        primary-key order.
    Raises: NotFound, Invalid, ProductChanged, StockChanged.
    """
    answers_drop()
    _hold_named(fields)
    product = _product_locked(product_id)
    if expected_version not in (None, product.version):
        raise ProductChanged
    before = _facts(product)
    for name, value in fields.items():
        setattr(product, name, value)
    if only_sku is not None:
        skus = [replace(only_sku, id=sku_of_plain_product(product=product))]
    with history_kept(PRODUCTS, SKUS, keys=[product_id], operator_id=operator_id):
        has_new_skus = skus is not None and skus_replace(
            product=product, changes=skus, operator_id=operator_id
        )
        has_new_images = images is not None and _images_replace(product, images)
        if has_new_skus or has_new_images or _facts(product) != before:
            product.save()


@transaction.atomic
def product_delete(*, product_id: int, operator_id: int | None = None) -> None:
    """Mark a product as deleted; its SKUs, orders and ledger stay.

    Locks: the product.
    Raises: NotFound.
    """
    answers_drop()
    product = _product_locked(product_id)
    product.status = ProductStatus.DELETED
    with history_kept(PRODUCTS, keys=[product_id], operator_id=operator_id):
        product.save(update_fields=["status", "updated_at"])


@transaction.atomic
def products_set_status(
    *,
    product_ids: Collection[int],
    status: ProductStatus,
    operator_id: int | None = None,
) -> list[int]:
    """Give products a status, deleted ones aside; return the ids of who got it.

    Payments wait for the products that they count as sold: not too many at once.
    Locks: the products in primary-key order.
    """
    answers_drop()
    rows = products_lock(product_ids).values()
    unchanged = (status, ProductStatus.DELETED)
    ids = [row.pk for row in rows if row.status not in unchanged]
    with history_kept(PRODUCTS, keys=ids, operator_id=operator_id):
        changed = Product.objects.filter(pk__in=ids)
        changed.update(status=status, updated_at=timezone.now())
    return ids


def additions_delete_old() -> int:
    """Delete the keys of the pages that added a product long ago; return how many."""
    until = timezone.now() - ADDITIONS_KEPT
    old = ProductAddition.objects.filter(product__created_at__lt=until)
    return rows_delete(old.order_by("product_id"))


def _key_use(key: UUID, product: Product) -> None:
    try:
        with transaction.atomic():
            ProductAddition.objects.create(key=key, product=product)
    except IntegrityError:
        raise ProductAdded from None


def _hold_named(fields: Mapping[str, Any]) -> None:
    """Keep what the fields refer to from being deleted meanwhile.

    Raises: Invalid.
    """
    category_id = _named_id(fields, "category")
    if category_id is not None and not category_hold(category_id):
        raise Invalid.field("category", "分类不存在")
    template_id = _named_id(fields, "freight_template")
    if template_id is not None and not freight_template_hold(template_id):
        raise Invalid.field("freightTemplate", "运费模板不存在")


def _named_id(fields: Mapping[str, Any], name: str) -> int | None:
    row = fields.get(name)
    found: int | None = row.pk if row else fields.get(f"{name}_id")
    return found


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
