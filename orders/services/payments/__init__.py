"""Payments: attempts, money that came, and closing what nobody shall pay any more."""

from orders.services.payments.closing import payment_close
from orders.services.payments.querying import Answers, payments_query_due
from orders.services.payments.settling import payment_settle
from orders.services.payments.starting import payment_start

__all__ = [
    "Answers",
    "payment_close",
    "payment_settle",
    "payment_start",
    "payments_query_due",
]
