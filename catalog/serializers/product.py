"""A product on the wire."""

from typing import Any

from rest_framework import serializers

from catalog.models import FlashSaleKind, Product, Sku
from shop.api.serializers import LocalTimeField, MoneyField, ShopModelSerializer


class ProductSerializer(ShopModelSerializer):
    """A product, for the schema: `catalog.showcase` writes it.

    Asking each field for its part of a product took longer than reading it (0.3 ms).
    """

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
