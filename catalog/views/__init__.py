"""The routes of the catalogue."""

from catalog.views.flash_sales import FlashSaleViewSet
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
    "HomeView",
    "HotWordViewSet",
    "ProductViewSet",
    "SearchHistoryViewSet",
    "SuggestionViewSet",
]
