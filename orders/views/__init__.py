"""The HTTP side of the orders."""

from orders.views.account import AccountExportView, AccountView
from orders.views.cart import CartViewSet
from orders.views.coupons import CouponViewSet
from orders.views.notifications import PaymentNotificationView
from orders.views.orders import OrderViewSet
from orders.views.refunds import OrderRefundViewSet, RefundViewSet
from orders.views.reviews import (
    OrderReviewViewSet,
    ProductReviewsView,
    ReviewViewSet,
)

__all__ = [
    "AccountExportView",
    "AccountView",
    "CouponViewSet",
    "CartViewSet",
    "OrderRefundViewSet",
    "OrderReviewViewSet",
    "OrderViewSet",
    "PaymentNotificationView",
    "ProductReviewsView",
    "RefundViewSet",
    "ReviewViewSet",
]
