"""The address book."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import services
from accounts.address_text import address_read
from accounts.models import Address
from accounts.serializers import (
    AddressReadSerializer,
    AddressSerializer,
    AddressTextSerializer,
)
from accounts.views.person import user_of
from shop.api.envelope import success
from shop.api.ratelimit import CartLimit, WriteLimit

_PARTIAL = AddressSerializer(partial=True)


class AddressViewSet(GenericViewSet[Address]):
    """A shopper's own addresses; anyone else's do not exist."""

    queryset = Address.objects.none()
    serializer_class = AddressSerializer
    throttle_classes = (WriteLimit,)
    lookup_value_regex = "[0-9]{1,19}"

    def get_queryset(self) -> QuerySet[Address]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return services.address_list(user_id=user_of(self.request).pk)

    def list(self, request: Request) -> Response:
        """List the addresses: the default first, then the newest."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(AddressSerializer(page, many=True).data)

    def create(self, request: Request) -> Response:
        """Add an address that is not there yet; the first becomes the default."""
        body = AddressSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        address = services.address_create(
            user_id=user_of(request).pk, fields=body.validated_data
        )
        return success(AddressSerializer(address).data, "创建成功", 201)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Return an address."""
        address = services.address_get(user_id=user_of(request).pk, address_id=int(pk))
        return success(AddressSerializer(address).data)

    @extend_schema(request=_PARTIAL)
    def update(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Change the fields that are sent."""
        body = AddressSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        address = services.address_update(
            user_id=user_of(request).pk,
            address_id=int(pk),
            changes=body.validated_data,
        )
        return success(AddressSerializer(address).data, "更新成功")

    @extend_schema(request=_PARTIAL)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the fields that are sent."""
        return self.update(request, pk)

    @extend_schema(responses={200: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an address; after the default there is none until one is chosen."""
        services.address_delete(user_id=user_of(request).pk, address_id=int(pk))
        return success(None, "删除成功")

    @extend_schema(request=AddressTextSerializer, responses=AddressReadSerializer)
    @action(methods=["post"], detail=False, throttle_classes=[CartLimit])
    def parse(self, request: Request) -> Response:
        """Take a pasted text apart into the fields of an address; nothing is stored."""
        body = AddressTextSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = address_read(body.validated_data["text"])
        return success(AddressReadSerializer(found).data)
