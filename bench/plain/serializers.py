"""What is read from requests and shown in answers."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from accounts.models import User
from catalog.models import Product, Sku
from orders.models import Order, OrderItem


def image_url(name: str) -> str:
    """Return where a picture is."""
    return f"{settings.MEDIA_URL}{name}" if name else ""


class ProductSerializer(serializers.ModelSerializer[Product]):
    originalPrice = serializers.DecimalField(
        source="original_price", max_digits=12, decimal_places=2
    )
    images = serializers.SerializerMethodField()
    categoryName = serializers.CharField(source="category.name")
    stock = serializers.SerializerMethodField()
    createdAt = serializers.DateTimeField(source="created_at")
    updatedAt = serializers.DateTimeField(source="updated_at")

    class Meta:
        model = Product
        fields: tuple[str, ...] = (
            *("id", "name", "description", "price", "originalPrice", "images"),
            *("category", "categoryName", "stock", "sales", "status"),
            *("createdAt", "updatedAt"),
        )

    def get_images(self, product: Product) -> list[str]:
        return [image_url(image.file) for image in product.images.all()]

    def get_stock(self, product: Product) -> int:
        return sum(sku.stock for sku in product.skus.all() if sku.is_active)


class SkuSerializer(serializers.ModelSerializer[Sku]):
    image = serializers.SerializerMethodField()

    class Meta:
        model = Sku
        fields = ("id", "specs", "price", "stock", "code", "image")

    def get_image(self, sku: Sku) -> str:
        return image_url(sku.image)


class ProductDetailSerializer(ProductSerializer):
    skus = serializers.SerializerMethodField()
    specs = serializers.SerializerMethodField()

    class Meta(ProductSerializer.Meta):
        fields = (*ProductSerializer.Meta.fields, "skus", "specs")

    def get_skus(self, product: Product) -> Any:
        return SkuSerializer(_active(product), many=True).data

    def get_specs(self, product: Product) -> list[dict[str, Any]]:
        skus = _active(product)
        return [
            {"name": name, "values": [sku.specs[name] for sku in skus]}
            for name in product.spec_names
        ]


def _active(product: Product) -> list[Sku]:
    skus = [sku for sku in product.skus.all() if sku.is_active]
    return sorted(skus, key=lambda sku: (sku.position, sku.pk))


class ProfileSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "nickname", "avatar", "phone")


class LineRequestSerializer(serializers.Serializer[Any]):
    productId = serializers.IntegerField(min_value=1)
    skuId = serializers.IntegerField(min_value=1)
    quantity = serializers.IntegerField(min_value=1, max_value=999)


class AddressSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=50)
    phone = serializers.CharField(max_length=20)
    province = serializers.CharField(max_length=50)
    city = serializers.CharField(max_length=50)
    district = serializers.CharField(max_length=50)
    detail = serializers.CharField(max_length=200)


class OrderRequestSerializer(serializers.Serializer[Any]):
    items = LineRequestSerializer(many=True, allow_empty=False)
    address = AddressSerializer()
    remark = serializers.CharField(max_length=200, allow_blank=True, default="")


class OrderItemSerializer(serializers.ModelSerializer[OrderItem]):
    productId = serializers.IntegerField(source="product_id")
    skuId = serializers.IntegerField(source="sku_id")
    refundQuantity = serializers.IntegerField(source="refund_quantity")
    image = serializers.SerializerMethodField()

    class Meta:
        model = OrderItem
        fields = (
            *("id", "productId", "skuId", "name", "specs", "price", "quantity"),
            *("refundQuantity", "image"),
        )

    def get_image(self, item: OrderItem) -> str:
        return image_url(item.image)


class OrderSerializer(serializers.ModelSerializer[Order]):
    orderNo = serializers.CharField(source="order_no")
    userId = serializers.IntegerField(source="user_id")
    items = OrderItemSerializer(many=True)
    goodsAmount = serializers.CharField(source="goods_amount")
    freightAmount = serializers.CharField(source="freight_amount")
    discountAmount = serializers.CharField(source="discount_amount")
    totalAmount = serializers.CharField(source="total_amount")
    address = AddressSerializer(source="*")
    expiresAt = serializers.DateTimeField(source="expires_at")
    createdAt = serializers.DateTimeField(source="created_at")
    updatedAt = serializers.DateTimeField(source="updated_at")

    class Meta:
        model = Order
        fields = (
            *("orderNo", "userId", "items", "goodsAmount", "freightAmount"),
            *("discountAmount", "totalAmount", "status", "address", "remark"),
            *("expiresAt", "createdAt", "updatedAt"),
        )
