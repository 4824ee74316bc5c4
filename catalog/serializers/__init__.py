"""What the catalogue says and what it is told."""

from catalog.serializers.category import CategorySerializer
from catalog.serializers.input import ProductCreateSerializer, ProductUpdateSerializer
from catalog.serializers.product import ProductDetailSerializer, ProductSerializer

__all__ = [
    "CategorySerializer",
    "ProductCreateSerializer",
    "ProductDetailSerializer",
    "ProductSerializer",
    "ProductUpdateSerializer",
]
