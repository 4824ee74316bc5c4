"""The products that a shopper has marked."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from catalog.models import Favorite
from catalog.serializers import FavoriteSerializer, FavoriteStateSerializer
from catalog.services.favorites import (
    favorite_add,
    favorite_is_set,
    favorite_list,
    favorite_remove,
)
from catalog.views.person import shopper_id
from shop.api.envelope import success
from shop.api.ratelimit import CartLimit


class FavoriteViewSet(GenericViewSet[Favorite]):
    """A shopper's own marks, by the product's id."""

    queryset = Favorite.objects.none()
    serializer_class = FavoriteSerializer
    throttle_classes = (CartLimit,)
    lookup_field = "product_id"
    lookup_url_kwarg = "productId"
    lookup_value_regex = "[0-9]{1,19}"

    def get_queryset(self) -> QuerySet[Favorite]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return favorite_list(user_id=shopper_id(self.request))

    def list(self, request: Request) -> Response:
        """List what is marked, the newest first; what is off sale now too."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(FavoriteSerializer(page, many=True).data)

    @extend_schema(responses={201: FavoriteStateSerializer})
    def create(self, request: Request) -> Response:
        """Mark a product that is on sale; again, it stays as it was."""
        body = FavoriteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        favorite_add(user_id=shopper_id(request), **body.validated_data)
        return success({"favorite": True}, "已收藏", 201)

    @extend_schema(responses=FavoriteStateSerializer)
    def retrieve(self, request: Request, productId: str) -> Response:
        """Tell whether the shopper has marked a product."""
        is_set = favorite_is_set(user_id=shopper_id(request), product_id=int(productId))
        return success({"favorite": is_set})

    @extend_schema(responses={200: None})
    def destroy(self, request: Request, productId: str) -> Response:
        """Take a mark away; none is there afterwards, whether there was one or not."""
        favorite_remove(user_id=shopper_id(request), product_id=int(productId))
        return success(None, "已取消收藏")
