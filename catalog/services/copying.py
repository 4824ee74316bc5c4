"""A product made after another."""

from uuid import UUID

from django.db import transaction

from catalog.errors import ProductAdded
from catalog.locks import product_lock
from catalog.models import Product, ProductAddition, ProductStatus, Sku
from catalog.services.products import product_create
from catalog.services.skus import SkuChange
from catalog.showcase import NOT_FOUND
from shop.errors import NotFound

_SUFFIX = " 副本"
_NAME_MAX = 100


@transaction.atomic
def product_copy(
    *, product_id: int, page_key: UUID, operator_id: int | None
) -> Product:
    """Add a product like another: off sale, without stock and without codes.

    It shows the same stored pictures: none is deleted while a product shows it. A page
    copies once; sent again, it returns the copy it made.
    Locks: the product; then its category and its freight template, which cannot go
        while the product is there.
    Raises: NotFound, Invalid.
    """
    product = product_lock(product_id)
    if product is None or product.status == ProductStatus.DELETED:
        raise NotFound(NOT_FOUND)
    skus = Sku.objects.active().filter(product=product).select_related("product")
    images = product.images.order_by("position", "pk").values_list("file", flat=True)
    try:
        return product_create(
            fields={
                "name": f"{product.name[: _NAME_MAX - len(_SUFFIX)]}{_SUFFIX}",
                "description": product.description,
                "category_id": product.category_id,
                "freight_template_id": product.freight_template_id,
                "status": ProductStatus.OFF_SALE,
                "original_price": product.original_price,
            },
            skus=[_like(sku) for sku in skus.order_by("position", "pk")],
            images=list(images),
            page_key=page_key,
            operator_id=operator_id,
            reason=f"复制自“{product.name}”",
        )
    except ProductAdded:
        return ProductAddition.objects.get(key=page_key).product


def _like(sku: Sku) -> SkuChange:
    return SkuChange(
        specs=sku.ordered_specs(),
        price=sku.price,
        alarm_stock=sku.alarm_stock,
        weight_grams=sku.weight_grams,
        image=sku.image,
    )
