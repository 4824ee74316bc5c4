"""Favourites and footprints on the wire."""

from rest_framework import serializers

from catalog.models import ProductStatus
from shop.api.images import ImageField
from shop.api.serializers import (
    IdField,
    LocalTimeField,
    MoneyField,
    ShopSerializer,
)


class _ProductCardSerializer(ShopSerializer):
    """A product as `catalog.cards` reads it; one that is off sale says so."""

    productId = IdField(label="商品", source="product_id")
    name = serializers.CharField(source="product.name", read_only=True)
    price = MoneyField(source="product.price", read_only=True)
    originalPrice = MoneyField(
        source="product.original_price", allow_null=True, read_only=True
    )
    image = ImageField(source="picture", read_only=True)
    stock = serializers.IntegerField(read_only=True)
    sales = serializers.IntegerField(source="product.sales", read_only=True)
    status = serializers.ChoiceField(
        source="product.status", choices=ProductStatus.choices, read_only=True
    )


class FavoriteSerializer(_ProductCardSerializer):
    """A product that the shopper has marked."""

    createdAt = LocalTimeField(source="created_at", read_only=True)


class FavoriteStateSerializer(ShopSerializer):
    """Whether the shopper has marked a product."""

    favorite = serializers.BooleanField()


class FootprintSerializer(_ProductCardSerializer):
    """A product that the shopper has looked at."""

    seenAt = LocalTimeField(source="seen_at", read_only=True)
