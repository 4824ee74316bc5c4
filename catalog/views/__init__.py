"""The routes of the catalogue."""

from catalog.views.favorites import FavoriteViewSet
from catalog.views.flash_sales import FlashSaleViewSet
from catalog.views.footprints import FootprintViewSet
from catalog.views.home import HomeView
from catalog.views.products import CategoryListView, ProductViewSet
from catalog.views.search import (
    HotWordViewSet,
    SearchHistoryViewSet,
    SuggestionViewSet,
)

__all__ = [
    "CategoryListView",
    "FlashSaleViewSet",
    "FavoriteViewSet",
    "FootprintViewSet",
    "HomeView",
    "HotWordViewSet",
    "ProductViewSet",
    "SearchHistoryViewSet",
    "SuggestionViewSet",
]
