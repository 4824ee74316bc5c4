"""The orders' part of the back office."""

from orders.admin.notices import NoticeDesk
from orders.admin.orders import OrderDesk
from orders.admin.payments import PaymentDesk

__all__ = ["NoticeDesk", "OrderDesk", "PaymentDesk"]
