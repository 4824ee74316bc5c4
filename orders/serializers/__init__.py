"""Carts, orders, refunds and coupons on the wire."""

from orders.serializers.cart import (
    BoughtAgainSerializer,
    CartAddSerializer,
    CartChangeSerializer,
    CartCountSerializer,
    CartSelectSerializer,
    CartSerializer,
    CartWrittenSerializer,
    cart_line_shown,
    cart_shown,
)
from orders.serializers.coupons import (
    CouponSerializer,
    OwnCouponFilterSerializer,
    OwnCouponSerializer,
)
from orders.serializers.logistics import LogisticsSerializer
from orders.serializers.orders import (
    CountsSerializer,
    OrderFilterSerializer,
    OrderRequestSerializer,
    OrderSerializer,
    PaymentParametersSerializer,
    PreviewRequestSerializer,
    QuoteSerializer,
    ReasonSerializer,
)
from orders.serializers.plain_request import plain_request
from orders.serializers.refunds import (
    RefundFilterSerializer,
    RefundRequestSerializer,
    RefundSerializer,
    ReturnParcelSerializer,
)
from orders.serializers.reviews import (
    AppendRequestSerializer,
    ReviewFilterSerializer,
    ReviewPageSerializer,
    ReviewRequestSerializer,
    ReviewSerializer,
)
from orders.serializers.shown import order_shown

__all__ = [
    "AppendRequestSerializer",
    "BoughtAgainSerializer",
    "CartAddSerializer",
    "CartChangeSerializer",
    "CartCountSerializer",
    "CartSelectSerializer",
    "CartSerializer",
    "CartWrittenSerializer",
    "CountsSerializer",
    "CouponSerializer",
    "LogisticsSerializer",
    "OrderFilterSerializer",
    "OrderRequestSerializer",
    "OrderSerializer",
    "OwnCouponFilterSerializer",
    "OwnCouponSerializer",
    "PaymentParametersSerializer",
    "PreviewRequestSerializer",
    "QuoteSerializer",
    "ReasonSerializer",
    "RefundFilterSerializer",
    "RefundRequestSerializer",
    "RefundSerializer",
    "ReturnParcelSerializer",
    "ReviewFilterSerializer",
    "ReviewPageSerializer",
    "ReviewRequestSerializer",
    "ReviewSerializer",
    "cart_line_shown",
    "cart_shown",
    "order_shown",
    "plain_request",
]
