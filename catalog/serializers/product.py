"""A product on the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import Product, Sku
from shop.api.images import image_url
from shop.api.serializers import LocalTimeField, MoneyField, ShopModelSerializer


class ProductSerializer(ShopModelSerializer):
    """A product as `catalog.showcase` reads it."""

    price = MoneyField()
    originalPrice = MoneyField(source="original_price", allow_null=True)
    images = serializers.SerializerMethodField()
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

    @extend_schema_field(serializers.ListField(child=serializers.URLField()))
    def get_images(self, product: Any) -> list[str]:
        """Return the pictures' URLs in their order."""
        return [image_url(name) for name in product.image_files]


class SkuSerializer(ShopModelSerializer):
    """A SKU that a shopper can choose."""

    specs = serializers.SerializerMethodField()
    price = MoneyField()
    image = serializers.SerializerMethodField()

    class Meta:
        model = Sku
        fields = ("id", "specs", "price", "stock", "code", "image")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_specs(self, sku: Sku) -> dict[str, str]:
        """Return the specs in the order that staff chose."""
        names = self.context.get("spec_names", sku.specs)
        return {name: sku.specs[name] for name in names if name in sku.specs}

    def get_image(self, sku: Sku) -> str:
        """Return the picture's URL; empty when it has none of its own."""
        return image_url(sku.image)


class SpecSerializer(serializers.Serializer[Any]):
    """A spec and the values to choose from."""

    name = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())


class ProductDetailSerializer(ProductSerializer):
    """A product with what a shopper chooses from."""

    skus = serializers.SerializerMethodField()
    specs = serializers.SerializerMethodField()

    class Meta(ProductSerializer.Meta):
        fields = (*ProductSerializer.Meta.fields, "skus", "specs")
        read_only_fields = fields

    @extend_schema_field(SkuSerializer(many=True))
    def get_skus(self, product: Any) -> Any:
        """Return the active SKUs in their order."""
        context = {"spec_names": _spec_names(product)}
        return SkuSerializer(product.active_skus, many=True, context=context).data

    @extend_schema_field(SpecSerializer(many=True))
    def get_specs(self, product: Any) -> list[dict[str, Any]]:
        """Return each spec's values in the order of the SKUs."""
        return [
            {
                "name": name,
                "values": list(
                    dict.fromkeys(
                        sku.specs[name]
                        for sku in product.active_skus
                        if name in sku.specs
                    )
                ),
            }
            for name in _spec_names(product)
        ]


def _spec_names(product: Any) -> list[str]:
    """Return the order that staff chose, then any name that it lacks."""
    names = [name for sku in product.active_skus for name in sku.specs]
    in_use = dict.fromkeys([*product.spec_names, *names])
    return [name for name in in_use if name in names]
