"""The shopper's orders: the owner alone sees and moves them."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.views.person import user_of
from orders.errors import OrderNotFound
from orders.models import Order, OrderStatus, Refund
from orders.own_orders import OwnOrders
from orders.serializers import (
    BoughtAgainSerializer,
    CountsSerializer,
    LogisticsSerializer,
    OrderFilterSerializer,
    OrderRequestSerializer,
    OrderSerializer,
    PaymentParametersSerializer,
    PreviewRequestSerializer,
    QuoteSerializer,
    ReasonSerializer,
    order_shown,
    plain_request,
)
from orders.services.cart import CART_FULL, BoughtAgain, cart_buy_again
from orders.services.closing import order_cancel
from orders.services.fulfilment import order_confirm, order_hide
from orders.services.logistics import parcels_traced
from orders.services.payments import payment_start
from orders.services.placing import OrderRequest, destination_of, order_place
from orders.services.quoting import quote_make
from orders.services.reminding import order_remind
from orders.views.idempotency import idempotency_key, idempotency_parameter
from shop.api.envelope import success
from shop.api.ratelimit import CartLimit, WriteLimit


class OrderViewSet(GenericViewSet[Order]):
    """Preview, place, list, pay, cancel, confirm and hide orders."""

    serializer_class = OrderSerializer
    throttle_classes = (WriteLimit,)
    lookup_field = "order_no"
    lookup_url_kwarg = "orderNo"
    lookup_value_regex = "[0-9A-Za-z]{1,24}"

    # For the schema; what is shown is read by OwnOrders.
    queryset = Order.objects.none()

    @property
    def shopper(self) -> User:
        """Return who is asking; the permission has made sure of it."""
        return user_of(self.request)

    @extend_schema(parameters=[OrderFilterSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the shopper's orders, newest first."""
        query = OrderFilterSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        own: Any = OwnOrders(self.shopper.pk, **query.validated_data)
        page = self.paginate_queryset(own)
        return self.get_paginated_response([order_shown(order) for order in page or ()])

    @extend_schema(
        request=OrderRequestSerializer,
        responses={201: OrderSerializer},
        parameters=[
            idempotency_parameter(
                "the same key again returns the order of the first call."
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Place an order."""
        return order_placed(request, user_id=self.shopper.pk, sent=request.data)

    @extend_schema(responses=OrderSerializer)
    def retrieve(self, request: Request, orderNo: str) -> Response:
        """Show one order."""
        return self._answer(orderNo)

    @extend_schema(responses={200: None})
    def destroy(self, request: Request, orderNo: str) -> Response:
        """Hide an ended order."""
        order_hide(order_no=orderNo, user_id=self.shopper.pk)
        return success(message="删除成功")

    @extend_schema(
        request=PreviewRequestSerializer, responses=QuoteSerializer, filters=False
    )
    @action(methods=["post"], detail=False, throttle_classes=[CartLimit])
    def preview(self, request: Request) -> Response:
        """Price an order without placing it."""
        body = PreviewRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.to_request()
        destination = destination_of(user_id=self.shopper.pk, request=asked)
        quote = quote_make(
            user_id=self.shopper.pk,
            request=asked,
            destination=destination,
            picks_coupon="couponId" not in body.validated_data,
        )
        return success(QuoteSerializer(quote).data)

    @extend_schema(responses=CountsSerializer, filters=False)
    @action(methods=["get"], detail=False, pagination_class=None)
    def counts(self, request: Request) -> Response:
        """Count the shopper's orders by state, and those with an unfinished refund."""
        figures = {
            status.value: Count("pk", filter=Q(status=status)) for status in OrderStatus
        }
        unfinished = Refund.objects.unfinished().shown().filter(order=OuterRef("pk"))
        figures["refunding"] = Count("pk", filter=Exists(unfinished))
        counts = Order.objects.of(self.shopper.pk).aggregate(**figures)
        return success(CountsSerializer(counts).data)

    @extend_schema(request=None, responses=PaymentParametersSerializer)
    @action(methods=["post"], detail=True)
    def pay(self, request: Request, orderNo: str) -> Response:
        """Return the parameters of wx.requestPayment."""
        return success(payment_start(order_no=orderNo, user=self.shopper))

    @extend_schema(request=ReasonSerializer, responses=OrderSerializer)
    @action(methods=["post"], detail=True)
    def cancel(self, request: Request, orderNo: str) -> Response:
        """Cancel an order that has not shipped; one that was paid is refunded.

        `closing` is true while WeChat can't be asked, or has yet to take the refund.
        """
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        order_cancel(
            order_no=orderNo,
            user_id=self.shopper.pk,
            reason=body.validated_data.get("reason") or "",
        )
        return self._answer(orderNo, "订单已取消")

    @extend_schema(request=None, responses=OrderSerializer)
    @action(methods=["post"], detail=True)
    def confirm(self, request: Request, orderNo: str) -> Response:
        """Confirm receipt."""
        order_confirm(order_no=orderNo, user_id=self.shopper.pk)
        return self._answer(orderNo, "已确认收货")

    @extend_schema(request=None, responses=OrderSerializer)
    @action(methods=["post"], detail=True)
    def remind(self, request: Request, orderNo: str) -> Response:
        """Remind the shop to send a paid order, once in 24 hours."""
        order_remind(order_no=orderNo, user_id=self.shopper.pk)
        return self._answer(orderNo, "已提醒商家发货")

    @extend_schema(responses=LogisticsSerializer)
    @action(methods=["get"], detail=True, throttle_classes=[CartLimit])
    def logistics(self, request: Request, orderNo: str) -> Response:
        """Tell where the order's parcels are, as of the last half hour."""
        rows = Order.objects.of(self.shopper.pk).prefetch_related(
            "shipments", "refunds"
        )
        order = rows.filter(order_no=orderNo).first()
        if order is None:
            raise OrderNotFound
        return success(LogisticsSerializer({"parcels": parcels_traced(order)}).data)

    @extend_schema(request=None, responses=BoughtAgainSerializer)
    @action(
        methods=["post"],
        detail=True,
        url_path="buy-again",
        throttle_classes=[CartLimit],
    )
    def buy_again(self, request: Request, orderNo: str) -> Response:
        """Put what can still be bought of an order into the cart; twice is as once."""
        bought = cart_buy_again(user_id=self.shopper.pk, order_no=orderNo)
        return success(BoughtAgainSerializer(bought).data, _bought_text(bought))

    def _answer(self, order_no: str, message: str = "成功") -> Response:
        """Answer with the order as it is now."""
        order = OwnOrders(self.shopper.pk, order_no=order_no).first()
        if order is None:
            raise OrderNotFound
        if order.is_closing:
            is_paid = order.status == OrderStatus.PAID
            message = "退款处理中" if is_paid else "订单关闭中"
        return success(order_shown(order), message)


def _bought_text(bought: BoughtAgain) -> str:
    if not bought.missing:
        return "已加入购物车"
    if bought.added:
        return "部分商品未能加入购物车"
    is_full = any(one.reason == CART_FULL for one in bought.missing)
    return "购物车已满,请先清理" if is_full else "商品均已无法购买"


def order_placed(
    request: Request | HttpRequest, *, user_id: int, sent: Any
) -> Response:
    """Place the order that a body asks for, and answer.

    Raises: ValidationError, and what order_place raises.
    """
    order, is_new = order_place(
        user_id=user_id,
        request=_order_request(sent),
        idempotency_key=idempotency_key(request),
    )
    response = success(order_shown(order), "下单成功", status=201)
    if not is_new:
        response["Idempotency-Replayed"] = "true"
    return response


def _order_request(sent: Any) -> OrderRequest:
    """Return what a shopper asks for.

    Raises: ValidationError.
    """
    if plain := plain_request(sent):
        return plain
    body = OrderRequestSerializer(data=sent)
    body.is_valid(raise_exception=True)
    return body.to_request()
