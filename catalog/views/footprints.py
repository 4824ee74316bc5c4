"""The products that a shopper has looked at."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from catalog.models import Footprint
from catalog.serializers import FootprintSerializer
from catalog.services.footprints import (
    footprint_add,
    footprint_list,
    footprint_remove,
    footprints_clear,
)
from catalog.views.person import shopper_id
from shop.api.envelope import success
from shop.api.ratelimit import CartLimit


class FootprintViewSet(GenericViewSet[Footprint]):
    """A shopper's own footprints; the client posts each view of a product."""

    queryset = Footprint.objects.none()
    serializer_class = FootprintSerializer
    throttle_classes = (CartLimit,)
    lookup_field = "product_id"
    lookup_url_kwarg = "productId"

    def get_queryset(self) -> QuerySet[Footprint]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return footprint_list(user_id=shopper_id(self.request))

    def list(self, request: Request) -> Response:
        """List what was seen, the newest first; what is off sale now too."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(FootprintSerializer(page, many=True).data)

    @extend_schema(responses={201: None})
    def create(self, request: Request) -> Response:
        """Keep that a product was seen; one that was seen before comes to the top."""
        body = FootprintSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        footprint_add(user_id=shopper_id(request), **body.validated_data)
        return success(None, status=201)

    @extend_schema(operation_id="footprints_destroy", responses={200: None})
    def destroy(self, request: Request, productId: str) -> Response:
        """Forget one product, whether it was seen or not."""
        footprint_remove(user_id=shopper_id(request), product_id=int(productId))
        return success(None, "删除成功")

    @extend_schema(operation_id="footprints_clear", responses={200: None})
    def clear(self, request: Request) -> Response:
        """Forget all."""
        footprints_clear(user_id=shopper_id(request))
        return success(None, "已清空")
