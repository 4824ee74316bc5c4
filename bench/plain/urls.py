"""The shop's URLs of the cases."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from bench.plain.views import OrderViewSet, ProductViewSet, ProfileView

router = SimpleRouter(trailing_slash=False)
router.register("products", ProductViewSet, basename="product")
router.register("orders", OrderViewSet, basename="order")

urlpatterns = [
    path("api/auth/user", ProfileView.as_view()),
    path("api/", include(router.urls)),
]
