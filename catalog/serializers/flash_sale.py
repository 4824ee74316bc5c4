"""A flash sale on the wire."""

from typing import Any

from rest_framework import serializers

from catalog.models import FlashSaleKind, FlashSaleSku
from shop.api.images import image_url
from shop.api.serializers import LocalTimeField, MoneyField


class FlashSaleSkuSerializer(serializers.Serializer[Any]):
    """A SKU in a sale; `line.sku` as `catalog.offers` reads it."""

    skuId = serializers.IntegerField(source="sku_id")
    productId = serializers.IntegerField(source="sku.product_id")
    name = serializers.CharField(source="sku.product.name")
    specs = serializers.DictField(
        source="sku.ordered_specs", child=serializers.CharField()
    )
    image = serializers.SerializerMethodField(
        help_text="Its URL; empty when there is none."
    )
    price = MoneyField()
    originalPrice = MoneyField(
        source="sku.price", help_text="What it costs outside of the sale."
    )
    stock = serializers.SerializerMethodField(help_text="Pieces left at this price.")
    limit = serializers.IntegerField(
        source="user_limit",
        allow_null=True,
        help_text="Of each shopper over the whole sale.",
    )
    minQuantity = serializers.IntegerField(
        source="min_quantity",
        help_text="With fewer in one order the SKU costs what it always does.",
    )

    def get_image(self, line: FlashSaleSku) -> str:
        """Return its own picture, else the product's first."""
        return image_url(line.sku.picture)  # type: ignore[attr-defined]

    def get_stock(self, line: FlashSaleSku) -> int:
        """Return what is left of the sale's pieces, and of the SKU's."""
        return min(line.left, line.sku.stock)


class FlashSaleSerializer(serializers.Serializer[Any]):
    """A sale as `catalog.flash_sales` reads it."""

    id = serializers.IntegerField(source="sale.pk")
    name = serializers.CharField(source="sale.name")
    kind = serializers.ChoiceField(FlashSaleKind.choices, source="sale.kind")
    isRunning = serializers.BooleanField(source="is_running")
    startsAt = LocalTimeField(source="sale.starts_at")
    endsAt = LocalTimeField(source="sale.ends_at")
    skus = FlashSaleSkuSerializer(source="lines", many=True)
