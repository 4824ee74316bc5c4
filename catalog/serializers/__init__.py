"""What the catalogue says and what it is told."""

from catalog.serializers.category import CategorySerializer
from catalog.serializers.flash_sale import FlashSaleSerializer
from catalog.serializers.home import HomeSerializer
from catalog.serializers.input import ProductCreateSerializer, ProductUpdateSerializer
from catalog.serializers.product import ProductDetailSerializer, ProductSerializer
from catalog.serializers.remembered import (
    FavoriteSerializer,
    FavoriteStateSerializer,
    FootprintSerializer,
)
from catalog.serializers.search import (
    HotWordSerializer,
    SearchedWordSerializer,
    SuggestionSerializer,
    TypedSerializer,
)

__all__ = [
    "CategorySerializer",
    "FlashSaleSerializer",
    "FavoriteSerializer",
    "FavoriteStateSerializer",
    "FootprintSerializer",
    "HomeSerializer",
    "HotWordSerializer",
    "ProductCreateSerializer",
    "ProductDetailSerializer",
    "ProductSerializer",
    "ProductUpdateSerializer",
    "SearchedWordSerializer",
    "SuggestionSerializer",
    "TypedSerializer",
]
