"""The routes that are measured."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from accounts.models import User
from bench.plain.placing import order_place
from bench.plain.serializers import (
    OrderRequestSerializer,
    OrderSerializer,
    ProductDetailSerializer,
    ProductSerializer,
    ProfileSerializer,
)
from catalog.models import Product
from orders.models import Order


class ProductViewSet(ModelViewSet[Product]):
    permission_classes = (AllowAny,)

    def get_queryset(self) -> QuerySet[Product]:
        products = Product.objects.filter(status="on_sale").select_related("category")
        products = products.prefetch_related("images", "skus")
        if category := self.request.query_params.get("category"):
            products = products.filter(category=int(category))
        if keyword := self.request.query_params.get("keyword"):
            is_named = Q(name__icontains=keyword) | Q(description__icontains=keyword)
            products = products.filter(is_named)
        return products.order_by("-created_at", "-id")

    def get_serializer_class(self) -> Any:
        return ProductSerializer if self.action == "list" else ProductDetailSerializer


class ProfileView(RetrieveAPIView[User]):
    permission_classes = (IsAuthenticated,)
    serializer_class = ProfileSerializer

    def get_object(self) -> Any:
        return self.request.user


class OrderViewSet(ModelViewSet[Order]):
    permission_classes = (IsAuthenticated,)
    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.filter(user=self.request.user.pk).order_by("-id")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        body = OrderRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user: Any = request.user
        order = order_place(user, body.validated_data)
        return Response(self.get_serializer(order).data, status=201)
