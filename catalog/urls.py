"""Routes of the catalogue."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from catalog import views

router = SimpleRouter(trailing_slash=False)
router.register("products", views.ProductViewSet)

urlpatterns = [
    path("categories", views.CategoryListView.as_view()),
    *router.urls,
]
