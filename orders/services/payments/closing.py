"""Closing an attempt at WeChat, so that no payment can come under its number."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.locks import order_lock
from orders.models import AnomalyKind, Payment, PaymentState
from orders.models.payment import RECEIVED
from orders.services.anomalies import anomaly_note
from orders.services.payments.settling import payment_settle
from shop.wechat import pay
from shop.wechat.errors import WeChatRefused


def payment_close(*, out_trade_no: str) -> bool:
    """Close an attempt at WeChat; False when it was paid, which is booked by then.

    True: no payment can come under this number any more. The attempt itself is left
    to the caller.

    Locks: none during the calls.
    Raises: WeChatUnavailable, WeChatRefused, PaymentMismatch.
    """
    facts = pay.query(out_trade_no)
    state = facts["trade_state"] if facts else "NOTPAY"
    if state == "CLOSED":
        return True
    if state != "SUCCESS":
        if pay.close(out_trade_no):
            return True
        # Paid between the two calls.
        facts = pay.query(out_trade_no)
    state = facts["trade_state"] if facts else "UNKNOWN"
    if facts and state == "SUCCESS":
        payment_settle(facts=facts)
    elif not _is_booked(out_trade_no):
        _note_unbooked(out_trade_no, state, facts or {})
        if state != "REFUND":
            raise WeChatRefused
        # It was paid once, and given back elsewhere: nobody can pay it any more.
        return True
    return False


@transaction.atomic(durable=True)
def payment_mark_closed(*, payment: Payment) -> None:
    """Write down that WeChat has closed an attempt, so that a new one may begin.

    Locks: the order.
    """
    order = order_lock(payment.order_id)
    attempts = order.payments.open().filter(pk=payment.pk)
    attempts.update(state=PaymentState.CLOSED, updated_at=timezone.now())


def _is_booked(out_trade_no: str) -> bool:
    """Tell whether the money was booked meanwhile, and is perhaps back already."""
    received = Payment.objects.filter(state__in=RECEIVED)
    return received.filter(out_trade_no=out_trade_no).exists()


@transaction.atomic
def _note_unbooked(out_trade_no: str, state: str, facts: Mapping[str, Any]) -> None:
    """Tell staff of one that was refunded elsewhere, or worse."""
    payment = Payment.objects.select_related("order").get(out_trade_no=out_trade_no)
    done = "订单保持关闭中,库存未释放,请到微信商户平台核对"
    if state == "REFUND":
        done = "已在微信商户平台退款,这一笔不会再有付款;请核对是否全额退款"
    anomaly_note(
        kind=AnomalyKind.UNCLOSABLE,
        key=out_trade_no,
        happened=f"支付{out_trade_no}未入账,也无法关闭,微信状态为{state}",
        done=done,
        order=payment.order,
        payment=payment,
        facts=facts,
    )
