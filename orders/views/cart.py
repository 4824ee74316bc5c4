"""The shopper's cart."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.views.person import user_of
from orders.models import CartItem
from orders.models.cart_item import CART_LINES_MAX
from orders.serializers import (
    CartAddSerializer,
    CartChangeSerializer,
    CartCountSerializer,
    CartSelectSerializer,
    CartSerializer,
    CartWrittenSerializer,
    cart_line_shown,
    cart_shown,
)
from orders.services.cart import (
    cart_add,
    cart_change,
    cart_clear_gone,
    cart_clear_selected,
    cart_count,
    cart_read,
    cart_remove,
    cart_select,
)
from orders.views.idempotency import idempotency_key, idempotency_parameter
from shop.api.envelope import success
from shop.api.pagination import SIZE_MAX, page_parameters, whole_number
from shop.api.ratelimit import CartLimit


class CartViewSet(GenericViewSet[CartItem]):
    """Put in, show, change, select and take out lines."""

    queryset = CartItem.objects.none()
    serializer_class = CartSerializer
    pagination_class = None
    throttle_classes = (CartLimit,)
    lookup_value_regex = "[0-9]{1,19}"

    @extend_schema(parameters=page_parameters(CART_LINES_MAX), responses=CartSerializer)
    def list(self, request: Request) -> Response:
        """Return the cart, the newest lines first; all of it, if no page is asked."""
        page = whole_number(request, "page", 1, None)
        return self._cart(
            page=page, size=whole_number(request, "size", CART_LINES_MAX, SIZE_MAX)
        )

    @extend_schema(
        request=CartAddSerializer,
        responses={201: CartWrittenSerializer},
        parameters=[
            idempotency_parameter(
                "sent again with the same key, it adds nothing. A line knows the key"
                " of what was added last alone."
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Put pieces of a SKU in; they are added to those that are there."""
        item_id = cart_add(
            user_id=self._user_id,
            idempotency_key=idempotency_key(request),
            **self._body(CartAddSerializer),
        )
        return success(self._line(item_id), "已加入购物车", 201)

    @extend_schema(request=CartChangeSerializer, responses=CartWrittenSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is sent; a line that has the chosen SKU already is merged in."""
        body = self._body(CartChangeSerializer)
        cart_change(user_id=self._user_id, item_id=int(pk), **body)
        return success(self._line(int(pk)), "更新成功")

    @extend_schema(responses={200: CartSerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a line out."""
        cart_remove(user_id=self._user_id, item_id=int(pk))
        return self._cart("删除成功")

    @extend_schema(responses=CartCountSerializer)
    @action(methods=["get"], detail=False)
    def count(self, request: Request) -> Response:
        """Return the figures of the badge: lines, and pieces."""
        return success(CartCountSerializer(cart_count(user_id=self._user_id)).data)

    @extend_schema(request=CartSelectSerializer, responses=CartSerializer)
    @action(methods=["post"], detail=False)
    def select(self, request: Request) -> Response:
        """Select lines or take their mark away: those named, or all."""
        cart_select(user_id=self._user_id, **self._body(CartSelectSerializer))
        return self._cart("更新成功")

    @extend_schema(responses={200: CartSerializer})
    @action(methods=["delete"], detail=False)
    def selected(self, request: Request) -> Response:
        """Take out what is selected."""
        cart_clear_selected(user_id=self._user_id)
        return self._cart("删除成功")

    @extend_schema(responses={200: CartSerializer})
    @action(methods=["delete"], detail=False)
    def gone(self, request: Request) -> Response:
        """Take out what is no longer sold: the lines that are off_sale or gone."""
        cart_clear_gone(user_id=self._user_id)
        return self._cart("已清理失效商品")

    @property
    def _user_id(self) -> int:
        return user_of(self.request).pk

    def _body(self, kind: Any) -> dict[str, Any]:
        """Return what was sent.

        Raises: ValidationError.
        """
        body = kind(data=self.request.data)
        body.is_valid(raise_exception=True)
        sent: dict[str, Any] = body.validated_data
        return sent

    def _line(self, item_id: int) -> dict[str, Any]:
        return cart_line_shown(cart_read(user_id=self._user_id), item_id)

    def _cart(self, message: str = "成功", **page: int) -> Response:
        """Answer with the cart as it is now: all of it, if no page is named."""
        cart = cart_read(user_id=self._user_id)
        return success(cart_shown(cart, **page), message)
