"""A product on the wire."""

from typing import Any

from rest_framework import serializers

from catalog.models import FlashSaleKind, Product, Sku
from catalog.rating import rating_average
from catalog.showcase import ShownProduct, ShownSale, ShownSku
from shop.api.images import image_url
from shop.api.serializers import (
    LocalTimeField,
    MoneyField,
    ShopModelSerializer,
    local_time,
)


class ProductSerializer(ShopModelSerializer):
    """A product as `catalog.showcase` reads it."""

    # The fields are for the schema: asking each for its part of a product took longer
    # than reading it (0.3 ms).
    price = MoneyField()
    originalPrice = MoneyField(source="original_price", allow_null=True)
    images = serializers.ListField(child=serializers.URLField(), read_only=True)
    category = serializers.IntegerField(source="category_id", allow_null=True)
    categoryName = serializers.CharField(source="category_name", allow_null=True)
    stock = serializers.IntegerField()
    createdAt = LocalTimeField(source="created_at")
    updatedAt = LocalTimeField(source="updated_at")

    class Meta:
        model = Product
        fields: tuple[str, ...] = (
            "id",
            "name",
            "description",
            "price",
            "originalPrice",
            "images",
            "category",
            "categoryName",
            "stock",
            "sales",
            "status",
            "createdAt",
            "updatedAt",
        )
        read_only_fields = fields

    def to_representation(self, product: ShownProduct) -> dict[str, Any]:
        """Write a product."""
        return {
            "id": product.id,
            "name": product.name,
            "description": product.description,
            "price": product.price,
            "originalPrice": product.original_price,
            "images": [image_url(name) for name in product.image_files],
            "category": product.category_id,
            "categoryName": product.category_name,
            "stock": product.stock,
            "sales": product.sales,
            "status": product.status,
            "createdAt": local_time(product.created_at),
            "updatedAt": local_time(product.updated_at),
        }


class SkuSaleSerializer(serializers.Serializer[Any]):
    """A SKU's price in a sale: from `startsAt`, until `endsAt`."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(FlashSaleKind.choices)
    price = MoneyField()
    stock = serializers.IntegerField(help_text="Pieces left at this price.")
    limit = serializers.IntegerField(
        allow_null=True, help_text="Of each shopper over the whole sale."
    )
    minQuantity = serializers.IntegerField(
        help_text="With fewer in one order the SKU costs what it always does."
    )
    startsAt = LocalTimeField()
    endsAt = LocalTimeField()


class SkuSerializer(ShopModelSerializer):
    """A SKU that a shopper can choose."""

    specs = serializers.DictField(child=serializers.CharField(), read_only=True)
    price = MoneyField()
    image = serializers.CharField(
        read_only=True, help_text="Its URL; empty when it has none of its own."
    )
    weightGrams = serializers.IntegerField(source="weight_grams", read_only=True)
    sale = SkuSaleSerializer(
        read_only=True,
        allow_null=True,
        help_text="The sale that runs, or that begins within a day.",
    )

    class Meta:
        model = Sku
        fields = (
            *("id", "specs", "price", "stock", "code", "image", "weightGrams"),
            "sale",
        )
        read_only_fields = fields


class SpecSerializer(serializers.Serializer[Any]):
    """A spec and the values to choose from."""

    name = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())


class RatingSerializer(serializers.Serializer[Any]):
    """What all reviews say that the public sees."""

    count = serializers.IntegerField()
    average = serializers.FloatField(allow_null=True, help_text="Stars, of five.")


class ProductDetailSerializer(ProductSerializer):
    """A product with what a shopper chooses from."""

    rating = RatingSerializer(read_only=True)
    skus = SkuSerializer(many=True, read_only=True)
    specs = SpecSerializer(many=True, read_only=True)
    freightTemplate = serializers.IntegerField(
        source="freight_template_id",
        read_only=True,
        allow_null=True,
        help_text="Null: the shop's default one, if it has any.",
    )

    class Meta(ProductSerializer.Meta):
        fields = (
            *ProductSerializer.Meta.fields,
            *("rating", "skus", "specs", "freightTemplate"),
        )
        read_only_fields = fields

    def to_representation(self, product: ShownProduct) -> dict[str, Any]:
        """Write a product; specs in the order that staff chose, then that of SKUs."""
        names = _spec_names(product)
        return {
            **super().to_representation(product),
            "rating": {
                "count": product.rating_count,
                "average": rating_average(product.rating_count, product.rating_sum),
            },
            "skus": [_sku(sku, names) for sku in product.skus],
            "specs": [
                {"name": name, "values": _spec_values(product, name)} for name in names
            ],
            "freightTemplate": product.freight_template_id,
        }


def _sku(sku: ShownSku, spec_names: list[str]) -> dict[str, Any]:
    specs = {name: sku.specs[name] for name in spec_names if name in sku.specs}
    return {
        "id": sku.id,
        "specs": specs,
        "price": sku.price,
        "stock": sku.stock,
        "code": sku.code,
        "image": image_url(sku.image),
        "weightGrams": sku.weight_grams,
        "sale": sku.sale and _sale(sku.sale),
    }


def _sale(sale: ShownSale) -> dict[str, Any]:
    return {
        "id": sale.id,
        "kind": sale.kind,
        "price": sale.price,
        "stock": sale.stock,
        "limit": sale.limit,
        "minQuantity": sale.min_quantity,
        "startsAt": local_time(sale.starts_at),
        "endsAt": local_time(sale.ends_at),
    }


def _spec_values(product: ShownProduct, name: str) -> list[str]:
    values = [sku.specs[name] for sku in product.skus if name in sku.specs]
    return list(dict.fromkeys(values))


def _spec_names(product: ShownProduct) -> list[str]:
    """Return the order that staff chose, then any name that it lacks."""
    names = [name for sku in product.skus for name in sku.specs]
    in_use = dict.fromkeys([*product.spec_names, *names])
    return [name for name in in_use if name in names]
