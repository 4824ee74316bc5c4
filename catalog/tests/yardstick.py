"""A product on the wire, field by field by DRF: the measure of the quick way."""

from typing import Any

from rest_framework import serializers

from catalog.models import Product, Sku
from catalog.showcase import showcase
from shop.api.images import image_url
from shop.api.serializers import LocalTimeField, MoneyField


class SkuYardstick(serializers.ModelSerializer[Sku]):
    specs = serializers.SerializerMethodField()
    price = MoneyField()
    image = serializers.SerializerMethodField()
    # Nothing here is in one.
    sale = serializers.ReadOnlyField(default=None)
    weightGrams = serializers.IntegerField(source="weight_grams")

    class Meta:
        model = Sku
        fields = (
            *("id", "specs", "price", "stock", "code", "image", "weightGrams"),
            "sale",
        )

    def get_specs(self, sku: Sku) -> dict[str, str]:
        names = self.context["spec_names"]
        return {name: sku.specs[name] for name in names if name in sku.specs}

    def get_image(self, sku: Sku) -> str:
        return image_url(sku.image)


class ProductYardstick(serializers.ModelSerializer[Product]):
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
            *("id", "name", "description", "price", "originalPrice", "images"),
            *("category", "categoryName", "stock", "sales", "status"),
            *("createdAt", "updatedAt"),
        )

    def get_images(self, product: Any) -> list[str]:
        return [image_url(name) for name in product.image_files]


class ProductDetailYardstick(ProductYardstick):
    rating = serializers.SerializerMethodField()
    freightTemplate = serializers.IntegerField(source="freight_template_id")
    skus = serializers.SerializerMethodField()
    specs = serializers.SerializerMethodField()

    class Meta(ProductYardstick.Meta):
        fields = (
            *ProductYardstick.Meta.fields,
            *("rating", "skus", "specs", "freightTemplate"),
        )

    def get_rating(self, product: Any) -> dict[str, Any]:
        count, stars = product.rating_count, product.rating_sum
        # In whole tenths, the half ones up.
        tenths = (20 * stars + count) // (2 * count) if count else None
        return {"count": count, "average": None if tenths is None else tenths / 10}

    def get_skus(self, product: Any) -> Any:
        skus = _skus(product)
        context = {"spec_names": _spec_names(product, skus)}
        return SkuYardstick(skus, many=True, context=context).data

    def get_specs(self, product: Any) -> list[dict[str, Any]]:
        skus = _skus(product)
        specs = []
        for name in _spec_names(product, skus):
            values = [sku.specs[name] for sku in skus if name in sku.specs]
            specs.append({"name": name, "values": list(dict.fromkeys(values))})
        return specs


def _spec_names(product: Any, skus: list[Sku]) -> list[str]:
    names = [name for sku in skus for name in sku.specs]
    in_use = dict.fromkeys([*product.spec_names, *names])
    return [name for name in in_use if name in names]


def _skus(product: Any) -> list[Sku]:
    skus = Sku.objects.active().filter(product=product)
    return list(skus.order_by("position", "pk"))


def list_measure() -> list[Any]:
    """Return all products on sale as the list shows them."""
    products = showcase(Product.objects.on_sale()).order_by("-created_at", "-pk")
    return [dict(row) for row in ProductYardstick(products, many=True).data]


def detail_measure(product_id: int) -> dict[str, Any]:
    """Return a product as its page shows it."""
    product = showcase(Product.objects.filter(pk=product_id)).get()
    return dict(ProductDetailYardstick(product).data)
