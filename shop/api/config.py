"""What a client must know of the shop's settings."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api.envelope import success
from shop.api.ratelimit import ReadLimit
from shop.api.serializers import ShopSerializer


class ConfigSerializer(ShopSerializer):
    subscribeTemplates = serializers.ListField(child=serializers.CharField())
    payMinutes = serializers.IntegerField(help_text="until an unpaid order ends")


class ConfigView(APIView):
    """The settings a client needs; public."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ReadLimit,)

    @extend_schema(operation_id="config_retrieve", responses=ConfigSerializer)
    def get(self, request: Request) -> Response:
        """Return the settings a client needs."""
        return success(
            {
                "subscribeTemplates": settings.WECHAT_SUBSCRIBE_TEMPLATES,
                "payMinutes": settings.ORDER_PAY_MINUTES,
            }
        )
