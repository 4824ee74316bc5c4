"""The route of the flash sales."""

from typing import Any

from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from catalog.flash_sales import flash_sales_shown, seconds_to_change
from catalog.models import FlashSale
from catalog.serializers import FlashSaleSerializer
from shop.api.kept.views import KeptReads
from shop.api.pagination import SIZE_DEFAULT, PagePagination
from shop.api.ratelimit import ReadLimit


class FlashSaleViewSet(KeptReads, GenericViewSet[FlashSale]):
    """Flash sales and group prices."""

    queryset = FlashSale.objects.all()
    serializer_class = FlashSaleSerializer
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ReadLimit,)
    pagination_class = PagePagination
    kept_query = {"page": "1", "size": str(SIZE_DEFAULT)}

    def list(self, request: Request) -> Any:
        """List the sales that run, then those that come."""
        now = timezone.now()
        rows = FlashSale.objects.not_over(now).order_by("starts_at", "pk")
        sales = self.paginate_queryset(rows) or []
        seconds = seconds_to_change(sales, now=now)
        if seconds is not None:
            self.kept_seconds = min(self.kept_seconds, seconds)
        shown = flash_sales_shown(sales, now=now)
        page: Any = self.paginator
        return page.paged(FlashSaleSerializer(shown, many=True).data)
