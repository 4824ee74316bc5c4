"""What a client must know of the shop's settings."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from shop.api.kept.views import KeptReads
from shop.api.ratelimit import ReadLimit
from shop.api.serializers import ShopSerializer
from shop.wechat.templates import EVENTS


class EventTemplatesSerializer(ShopSerializer):
    paid = serializers.CharField(allow_null=True)
    shipped = serializers.CharField(allow_null=True)
    refunded = serializers.CharField(allow_null=True)
    agreed = serializers.CharField(allow_null=True)
    rejected = serializers.CharField(allow_null=True)


class ConfigSerializer(ShopSerializer):
    subscribeTemplates = serializers.ListField(
        child=serializers.CharField(),
        help_text="all ids to ask the shopper's consent for",
    )
    subscribeTemplatesByEvent = EventTemplatesSerializer(
        help_text="the same by what the shop then sends; null is never sent"
    )
    payMinutes = serializers.IntegerField(help_text="until an unpaid order ends")


class ConfigView(KeptReads):
    """The settings a client needs; public."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ReadLimit,)

    @extend_schema(operation_id="config_retrieve", responses=ConfigSerializer)
    def get(self, request: Request) -> dict[str, Any]:
        """Return the settings a client needs."""
        ids = {event: one.id for event, one in settings.WECHAT_TEMPLATES.items()}
        # Two events may share a template: each id once.
        every = dict.fromkeys([*ids.values(), *settings.WECHAT_SUBSCRIBE_TEMPLATES])
        return {
            "subscribeTemplates": list(every),
            "subscribeTemplatesByEvent": {event: ids.get(event) for event in EVENTS},
            "payMinutes": settings.ORDER_PAY_MINUTES,
        }
