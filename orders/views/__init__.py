"""The HTTP side of the orders."""

from orders.views.account import AccountExportView, AccountView
from orders.views.notifications import PaymentNotificationView
from orders.views.orders import OrderViewSet
from orders.views.refunds import OrderRefundViewSet, RefundViewSet

__all__ = [
    "AccountExportView",
    "AccountView",
    "OrderRefundViewSet",
    "OrderViewSet",
    "PaymentNotificationView",
    "RefundViewSet",
]
