"""Products and the category tree."""

from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from catalog.filters import ProductFilter, plain_listing
from catalog.models import Product
from catalog.pages import ProductPagination
from catalog.serializers import (
    CategorySerializer,
    ProductCreateSerializer,
    ProductDetailSerializer,
    ProductSerializer,
    ProductUpdateSerializer,
)
from catalog.services.products import product_create, product_delete, product_update
from catalog.showcase import product_shown
from catalog.tree import category_tree
from shop.api.envelope import success
from shop.api.kept.views import KeptReads
from shop.api.pagination import SIZE_DEFAULT
from shop.api.permissions import StaffModelPermission
from shop.api.ratelimit import ReadLimit, WriteLimit

_PUBLIC_METHODS = {"GET", "HEAD", "OPTIONS"}


class ProductViewSet(KeptReads, GenericViewSet[Product]):
    """Products: anybody reads those on sale, staff with the permission write."""

    queryset = Product.objects.on_sale()
    serializer_class = ProductSerializer
    permission_classes = (StaffModelPermission,)
    pagination_class = ProductPagination
    filter_backends = (DjangoFilterBackend,)
    filterset_class = ProductFilter
    lookup_value_regex = "[0-9]{1,19}"
    kept_query = {"page": "1", "size": str(SIZE_DEFAULT)} | dict.fromkeys(
        ProductFilter.base_filters, ""
    )

    def get_authenticators(self) -> list[BaseAuthentication]:
        # Everybody reads alike, whatever token they send, a dead one too.
        return [] if self._is_public() else super().get_authenticators()

    def get_throttles(self) -> list[BaseThrottle]:
        return [ReadLimit() if self._is_public() else WriteLimit()]

    def _is_public(self) -> bool:
        # The schema's generator has a view without a request, at first.
        return bool(self.request) and self.request.method in _PUBLIC_METHODS

    def list(self, request: Request) -> Any:
        """List what is on sale, the newest first."""
        listing: Any = plain_listing(request.query_params)
        if listing is None:
            listing = self.filter_queryset(self.get_queryset())
        page: Any = self.paginator
        return page.paged(self.paginate_queryset(listing))

    @extend_schema(responses=ProductDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Any:
        """Return a product that is on sale, with its SKUs."""
        return product_shown(int(pk))

    @extend_schema(
        request=ProductCreateSerializer, responses={201: ProductDetailSerializer}
    )
    def create(self, request: Request) -> Response:
        """Add a product."""
        body = ProductCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        product = product_create(operator_id=request.user.pk, **body.validated_data)
        return success(_written(product.pk), "创建成功", 201)

    @extend_schema(request=ProductUpdateSerializer, responses=ProductDetailSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Change what is sent; `skus` replaces the set."""
        body = ProductUpdateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        product_update(
            product_id=int(pk), operator_id=request.user.pk, **body.validated_data
        )
        return success(_written(int(pk)), "更新成功")

    @extend_schema(request=ProductUpdateSerializer, responses=ProductDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is sent; `skus` replaces the set."""
        return self.update(request, pk)

    @extend_schema(responses={200: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Mark a product as deleted; its history stays."""
        product_delete(product_id=int(pk), operator_id=request.user.pk)
        return success(None, "删除成功")


def _written(product_id: int) -> Any:
    """Show staff what they wrote, on sale or not; the replica may not have it yet."""
    return product_shown(product_id, is_public=False)


class CategoryListView(KeptReads):
    """The category tree."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ReadLimit,)

    @extend_schema(responses=CategorySerializer(many=True))
    def get(self, request: Request) -> Any:
        """Return the roots, each with its children."""
        return CategorySerializer(category_tree(), many=True).data
