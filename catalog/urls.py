"""Routes of the catalogue."""

from typing import Any

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from catalog import views

router = SimpleRouter(trailing_slash=False)
router.register("products", views.ProductViewSet)
router.register("flash-sales", views.FlashSaleViewSet)
router.register("favorites", views.FavoriteViewSet)

_WORDS: Any = {"get": "list"}
_LIST_OF_OWN: Any = {"get": "list", "post": "create", "delete": "clear"}

urlpatterns = [
    path("home", views.HomeView.as_view()),
    path("categories", views.CategoryListView.as_view()),
    *router.urls,
    path("search/hot", views.HotWordViewSet.as_view(_WORDS)),
    path("search/suggest", views.SuggestionViewSet.as_view(_WORDS)),
    path("search/history", views.SearchHistoryViewSet.as_view(_LIST_OF_OWN)),
    re_path(
        r"^search/history/(?P<pk>[0-9]{1,19})$",
        views.SearchHistoryViewSet.as_view({"delete": "destroy"}),
    ),
    path("footprints", views.FootprintViewSet.as_view(_LIST_OF_OWN)),
    re_path(
        r"^footprints/(?P<productId>[0-9]{1,19})$",
        views.FootprintViewSet.as_view({"delete": "destroy"}),
    ),
]
