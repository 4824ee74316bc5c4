"""Money that came: the one place where an order becomes paid."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.services.stock import sales_add
from orders.errors import PaymentMismatch
from orders.locks import order_lock, payment_lock
from orders.models import AnomalyKind, Order, OrderStatus, Payment, PaymentState
from orders.models.payment import RECEIVED
from orders.services.anomalies import anomaly_note
from orders.services.facts import (
    amount_stated,
    facts_kept,
    first_difference,
    success_time,
)
from orders.services.payments.late import order_place_again
from orders.services.refunds import refund_of_undue
from orders.services.transitions import order_move
from shop.queue import job_enqueue
from shop.wechat import pay

# Ours and WeChat's; anything else fits no column.
_NUMBER = re.compile(r"[0-9A-Za-z_|*-]{1,32}")


def payment_settle(*, facts: Mapping[str, Any]) -> Order:
    """Book what WeChat says of a payment; the only way for an order to become paid.

    `facts` come from a verified notification, a query's answer or the daily bill.
    Called again with the same facts it changes nothing. Money that comes when its order
    is over places the order again if the goods are there; money that pays for nothing
    goes back. Either is noted for staff.

    Return the order that the money pays, or has come for.

    Locks: the order, the payment, then the products, then (placing again) the SKUs.
    Raises: PaymentMismatch, when this is not the payment that we asked for; noted for
        staff.
    """
    try:
        with transaction.atomic(durable=True):
            return _settled(facts)
    except PaymentMismatch as error:
        _note_mismatch(facts, error)
        raise


def _settled(facts: Mapping[str, Any]) -> Order:
    payment = _known(facts)
    order = order_lock(payment.order_id)
    payment = payment_lock(payment.pk)
    _require_match(payment, facts)
    if payment.state in RECEIVED:
        if payment.transaction_id != facts["transaction_id"]:
            raise PaymentMismatch("transaction_id")
        return payment.order
    payment.order = order
    if order.replaced_by_id or order.payments.succeeded().exists():
        return _give_back(order, payment, facts, AnomalyKind.SECOND)
    if order.status != OrderStatus.PENDING:
        return _take_late(order, payment, facts)
    if payment.amount != order.total_amount:
        return _give_back(order, payment, facts, AnomalyKind.OLD_PRICE)
    _book(payment, facts, PaymentState.SUCCEEDED)
    _mark_paid(order, payment)
    return order


def _known(facts: Mapping[str, Any]) -> Payment:
    number = str(facts.get("out_trade_no"))
    known = Payment.objects.filter(out_trade_no=number)
    payment = known.first() if _NUMBER.fullmatch(number) else None
    if payment is None:
        raise PaymentMismatch("out_trade_no")
    return payment


def _require_match(payment: Payment, facts: Mapping[str, Any]) -> None:
    """Compare what WeChat says with what we asked for.

    Source: PAY/4012791861, the merchant's duty on a notification.
    """
    amount = amount_stated(facts)
    pairs = {
        "appid": (facts.get("appid"), settings.WECHAT_APPID),
        "mchid": (facts.get("mchid"), settings.WECHAT_MCHID),
        "trade_state": (facts.get("trade_state"), "SUCCESS"),
        "amount.total": (amount.get("total"), pay.fen(payment.amount)),
        "amount.currency": (amount.get("currency"), "CNY"),
    }
    if name := first_difference(pairs):
        raise PaymentMismatch(name)
    if not _NUMBER.fullmatch(str(facts.get("transaction_id") or "")):
        raise PaymentMismatch("transaction_id")


def _book(payment: Payment, facts: Mapping[str, Any], state: PaymentState) -> None:
    payment.state = state
    payment.transaction_id = facts["transaction_id"]
    payment.facts = facts_kept(facts, payment.order.user)
    payment.paid_at = success_time(facts) or timezone.now()
    payment.save()


def _mark_paid(order: Order, payment: Payment) -> None:
    order_move(
        order=order,
        to=OrderStatus.PAID,
        operator_id=None,
        reason=f"微信支付 {payment.transaction_id}",
        paid_at=payment.paid_at,
    )
    _close_others(order)
    quantities: dict[int, int] = {}
    for product_id, quantity in order.items.values_list("product_id", "quantity"):
        quantities[product_id] = quantities.get(product_id, 0) + quantity
    sales_add(quantities=quantities)


def _close_others(order: Order) -> None:
    """Let nobody pay a paid order again by an attempt that is still open.

    There is one when money came for an attempt that WeChat had closed before it.
    """
    others = order.payments.open()
    for number in others.values_list("out_trade_no", flat=True):
        job_enqueue("orders.jobs.payment_close", out_trade_no=number)
    others.update(state=PaymentState.CLOSED, updated_at=timezone.now())


def _take_late(order: Order, payment: Payment, facts: Mapping[str, Any]) -> Order:
    """Place a cancelled order again that was paid after all, or give the money back."""
    again = order_place_again(old=order, amount=payment.amount)
    if again is None:
        return _give_back(order, payment, facts, AnomalyKind.LATE)
    payment.order = again
    _book(payment, facts, PaymentState.SUCCEEDED)
    _mark_paid(again, payment)
    _note(
        AnomalyKind.LATE,
        order,
        payment,
        done=f"库存充足,已为买家重新生成订单{again.order_no}并标记为已付款",
    )
    return again


def _give_back(
    order: Order, payment: Payment, facts: Mapping[str, Any], kind: AnomalyKind
) -> Order:
    _book(payment, facts, PaymentState.UNDUE)
    refund = refund_of_undue(payment=payment, reason=f"{kind.label},系统自动退款")
    _note(kind, order, payment, done=f"已自动退款,退款单{refund.refund_no}")
    return order


def _note(kind: AnomalyKind, order: Order, payment: Payment, *, done: str) -> None:
    state = order.get_status_display()
    anomaly_note(
        kind=kind,
        key=payment.out_trade_no,
        happened=f"订单{order.order_no}{state}时收到付款{payment.amount}元,"
        f"应付{order.total_amount}元",
        done=done,
        order=order,
        payment=payment,
        facts=payment.facts,
    )


@transaction.atomic(durable=True)
def _note_mismatch(facts: Mapping[str, Any], error: PaymentMismatch) -> None:
    number = str(facts.get("out_trade_no"))
    payment = None
    if _NUMBER.fullmatch(number):
        payments = Payment.objects.select_related("order")
        payment = payments.filter(out_trade_no=number).first()
    shown = number if payment else ascii(number)[:64]
    anomaly_note(
        kind=AnomalyKind.MISMATCH,
        key=f"{shown}:{error.field}",
        happened=f"微信付款{shown}与系统记录不符:{error.field}",
        done="未入账,请到微信商户平台核对",
        order=payment.order if payment else None,
        payment=payment,
        facts=facts,
    )
