"""Refunds: asked for, answered, sent to WeChat, and booked."""

from orders.services.refunds.amounts import Amounts, Portion
from orders.services.refunds.answering import (
    refund_approve,
    refund_confirm,
    refund_end_by_hand,
    refund_reject,
    refund_retry,
    refund_send_back,
)
from orders.services.refunds.asking import (
    Offer,
    Seen,
    refund_by_staff,
    refund_for_cancel,
    refund_of_undue,
    refund_offer,
    refund_request,
)
from orders.services.refunds.granting import freight_worth
from orders.services.refunds.returning import (
    refund_agree_return,
    refund_return_parcel,
)
from orders.services.refunds.sending import refund_query, refund_send, refunds_follow
from orders.services.refunds.settling import refund_settle
from orders.services.refunds.withdrawing import refund_withdraw, returns_expire

__all__ = [
    "Amounts",
    "Offer",
    "Portion",
    "Seen",
    "freight_worth",
    "refund_agree_return",
    "refund_approve",
    "refund_by_staff",
    "refund_confirm",
    "refund_end_by_hand",
    "refund_for_cancel",
    "refund_of_undue",
    "refund_offer",
    "refund_query",
    "refund_reject",
    "refund_request",
    "refund_retry",
    "refund_return_parcel",
    "refund_send",
    "refund_send_back",
    "refund_settle",
    "refund_withdraw",
    "refunds_follow",
    "returns_expire",
]
