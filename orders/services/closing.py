"""Ending an unpaid order: ask WeChat, close there, and only then free the stock.

An order without a payment attempt is cancelled at once. With one it is first marked
as closing; from then on nothing else may be done with it but to be paid, and the sweep
tries again until WeChat has answered. A process that dies at any line leaves an order
that the next sweep finds.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from catalog.services.stock import stock_return
from orders.errors import IllegalTransition, OrderNotFound, PaymentMismatch
from orders.locks import order_lock, own_order_lock
from orders.models import Order, OrderStatus, PaymentState
from orders.services.payments import payment_settle
from orders.services.transitions import order_move
from shop.wechat import pay
from shop.wechat.errors import WeChatRefused, WeChatUnavailable

logger = logging.getLogger(__name__)

EXPIRED = "超时未付款"
RETRY_AFTER = timedelta(seconds=60)
BATCH_SIZE = 100
# With WeChat away every order would cost a time-out; the next sweep comes soon.
FAILURES_MAX = 3


def order_cancel(*, order_no: str, user_id: int, reason: str = "") -> Order:
    """Cancel a shopper's unpaid order.

    The order that comes back is cancelled, or closing when WeChat could not be asked.

    Locks: the order, then its SKUs; none while WeChat is asked.
    Raises: OrderNotFound, IllegalTransition (also when it turns out to be paid).
    """
    with transaction.atomic(durable=True):
        order = own_order_lock(order_no, user_id)
        if order is None:
            raise OrderNotFound
        if order.status != OrderStatus.PENDING or order.is_closing:
            raise IllegalTransition("订单无法取消", status=order.status)
        _claim(order, operator_id=user_id, reason=reason or "买家取消")
    try:
        order = order_close(order_id=order.pk)
    except (WeChatUnavailable, WeChatRefused, PaymentMismatch):
        # Logged where it was raised; the sweep goes on from here.
        return Order.objects.get(pk=order.pk)
    if order.status != OrderStatus.CANCELLED:
        raise IllegalTransition("订单无法取消", status=order.status)
    return order


def order_close(*, order_id: int) -> Order:
    """Bring a closing order to its end: paid, if WeChat says so, else cancelled.

    Locks: none during the calls; then the order and its SKUs.
    Raises: WeChatUnavailable, WeChatRefused, PaymentMismatch; the order stays closing.
    """
    order = Order.objects.get(pk=order_id)
    for payment in order.payments.open():
        if not _is_closed_at_wechat(payment.out_trade_no):
            return Order.objects.get(pk=order_id)
    return _release(order_id)


def _is_closed_at_wechat(out_trade_no: str) -> bool:
    """Tell that no payment can come; False when one came, which is booked by then."""
    facts = pay.query(out_trade_no)
    state = facts["trade_state"] if facts else "NOTPAY"
    if state == "CLOSED":
        return True
    if state != "SUCCESS":
        if pay.close(out_trade_no):
            return True
        # Paid between the two calls.
        facts = pay.query(out_trade_no)
    if not facts or facts["trade_state"] != "SUCCESS":
        # REFUND or worse: a person must look, so the order stays closing.
        logger.error("payment %s can be neither closed nor booked", out_trade_no)
        raise WeChatRefused
    payment_settle(facts=facts)
    return False


@transaction.atomic(durable=True)
def _release(order_id: int) -> Order:
    """Cancel a closing order and give its stock back; a twin finds nothing to do."""
    order = order_lock(order_id)
    if order.status != OrderStatus.PENDING or not order.is_closing:
        return order
    order.payments.open().update(state=PaymentState.CLOSED, updated_at=timezone.now())
    order_move(
        order=order,
        to=OrderStatus.CANCELLED,
        operator_id=order.closing_by_id,
        reason=order.close_reason,
        cancelled_at=timezone.now(),
    )
    quantities = dict(order.items.values_list("sku_id", "quantity"))
    stock_return(quantities=quantities, order_no=order.order_no)
    return order


@dataclass
class Sweep:
    """What a sweep did: counts of orders."""

    cancelled: int = 0
    paid: int = 0
    waiting: int = 0


def orders_expire(*, now: datetime | None = None) -> Sweep:
    """End the unpaid orders whose time has passed, and retry those that are closing.

    Several sweeps may run at once: each claims batches of its own.

    Locks: a batch of orders while it is claimed, skipping what others hold; then one
    order at a time with its SKUs, so that a sweep holds no SKU while it waits.
    """
    sweep = Sweep()
    failures = 0
    for order_id in _claimed(now or timezone.now()):
        if failures >= FAILURES_MAX:
            # Claimed with a lease, so a later sweep takes it up by itself.
            sweep.waiting += 1
            continue
        try:
            order = order_close(order_id=order_id)
        except (WeChatUnavailable, WeChatRefused, PaymentMismatch) as error:
            failures += isinstance(error, WeChatUnavailable)
            sweep.waiting += 1
            continue
        failures = 0
        sweep.cancelled += order.status == OrderStatus.CANCELLED
        sweep.paid += order.status == OrderStatus.PAID
    return sweep


def _claimed(now: datetime) -> Iterator[int]:
    """Yield the ids of due orders, claimed in committed batches, until none is left."""
    while True:
        with transaction.atomic(durable=True):
            due = Order.objects.due(now).order_by("due_at")[:BATCH_SIZE]
            rows = list(due.select_for_update(of=("self",), skip_locked=True))
            for order in rows:
                _claim(order, operator_id=None, reason=EXPIRED)
        yield from [order.pk for order in rows]
        if not rows:
            return


def _claim(order: Order, *, operator_id: int | None, reason: str) -> None:
    """Mark a locked order as closing; whoever claimed it first is remembered."""
    now = timezone.now()
    if not order.is_closing:
        order.closing_at, order.closing_by_id = now, operator_id
        order.close_reason = reason
    order.due_at = now + RETRY_AFTER
    order.save(
        update_fields=[
            "closing_at",
            "closing_by",
            "close_reason",
            "due_at",
            "updated_at",
        ]
    )
