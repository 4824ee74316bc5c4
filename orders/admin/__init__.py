"""The orders' part of the back office."""

from orders.admin.orders import OrderDesk
from orders.admin.payments import PaymentDesk

__all__ = ["OrderDesk", "PaymentDesk"]
