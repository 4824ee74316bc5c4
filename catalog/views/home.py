"""The home page."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from catalog.home import home_shown
from catalog.serializers import HomeSerializer
from shop.api.kept.views import KeptReads
from shop.api.ratelimit import ReadLimit


class HomeView(KeptReads):
    """What the mini-program opens with; public."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ReadLimit,)

    @extend_schema(operation_id="home_retrieve", responses=HomeSerializer)
    def get(self, request: Request) -> Any:
        """Return banners, category entries, new and hot products, staff's sections."""
        home = home_shown()
        if home.seconds is not None:
            self.kept_seconds = min(self.kept_seconds, home.seconds)
        return HomeSerializer(home).data
