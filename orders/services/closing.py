"""Ending an order: ask WeChat, close there, and only then free the stock.

An order without a payment attempt is cancelled at once. With one it is first marked
as closing; from then on nothing else may be done with it but to be paid, and the sweep
tries again until WeChat has answered. A process that dies at any line leaves an order
that the next sweep finds.

A paid order that is cancelled before it ships is closing until WeChat has taken the
refund of all of it: orders.services.refunds.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import OperationalError, transaction
from django.utils import timezone

from catalog.services.stock import stock_return
from orders.errors import IllegalTransition
from orders.locks import due_orders_lock, order_lock, own_order_lock
from orders.models import Order, OrderStatus, PaymentState
from orders.services.coupons import coupon_give_back
from orders.services.flash_sales import sale_pieces, takings_return
from orders.services.payments import payment_close
from orders.services.refunds import refund_for_cancel
from orders.services.transitions import order_move
from shop.errors import ShopError
from shop.wechat.errors import WeChatUnavailable

logger = logging.getLogger(__name__)

EXPIRED = "超时未付款"
# A closing order is tried again after as long as it has been closing, within these.
RETRY_MIN = timedelta(minutes=1)
RETRY_MAX = timedelta(hours=1)
BATCH_SIZE = 100
# With WeChat away every order would cost a time-out; the next sweep comes soon.
FAILURES_MAX = 3


def order_cancel(*, order_no: str, user_id: int, reason: str = "") -> Order:
    """Cancel a shopper's own order that has not shipped.

    The order that comes back is cancelled, or closing: when WeChat could not be asked,
    or when it was paid and WeChat has yet to take the refund.

    Locks: the order, its SKUs, its coupon; none while WeChat is asked.
    Raises: OrderNotFound, IllegalTransition (also when it turns out to be paid while
        it is being closed).
    """
    lock = partial(own_order_lock, order_no, user_id)
    return _cancel(
        lock,
        statuses=(OrderStatus.PENDING, OrderStatus.PAID),
        operator_id=user_id,
        reason=reason or "买家取消",
    )


def order_cancel_by_staff(*, order_id: int, operator_id: int, reason: str) -> Order:
    """Cancel anybody's unpaid order, just as its shopper would.

    A paid one is given back by refund_by_staff, which not everybody may do who may
    cancel.

    Locks: as order_cancel.
    Raises: IllegalTransition (also when it turns out to be paid).
    """
    lock = partial(order_lock, order_id)
    return _cancel(
        lock, statuses=(OrderStatus.PENDING,), operator_id=operator_id, reason=reason
    )


def _cancel(
    lock: Callable[[], Order],
    *,
    statuses: Collection[OrderStatus],
    operator_id: int,
    reason: str,
) -> Order:
    with transaction.atomic(durable=True):
        order = lock()
        if order.status not in statuses or order.is_closing:
            raise IllegalTransition("订单无法取消", status=order.status)
        if order.status == OrderStatus.PAID:
            refund_for_cancel(order=order, operator_id=operator_id, reason=reason)
            return order
        if not order.payments.open().exists():
            _release(order, operator_id=operator_id, reason=reason)
            return order
        _claim(order, operator_id=operator_id, reason=reason, now=timezone.now())
    try:
        order = order_close(order_id=order.pk)
    except (ShopError, OperationalError):
        # WeChat, or a lock, was not to be had. The sweep goes on from here, unless a
        # notification has paid the order meanwhile.
        order = Order.objects.get(pk=order.pk)
    if not (order.is_closing or order.status == OrderStatus.CANCELLED):
        raise IllegalTransition("订单无法取消", status=order.status)
    return order


def order_close(*, order_id: int) -> Order:
    """Bring a closing order to its end: paid, if WeChat says so, else cancelled.

    Locks: none during the calls; then the order, its SKUs, its coupon.
    Raises: WeChatUnavailable, WeChatRefused, PaymentMismatch; the order stays closing.
    """
    order = Order.objects.get(pk=order_id)
    for payment in order.payments.open():
        if not payment_close(out_trade_no=payment.out_trade_no):
            return Order.objects.get(pk=order_id)
    with transaction.atomic(durable=True):
        order = order_lock(order_id)
        # A twin may have ended it, or a notification paid it, while WeChat was asked.
        if order.status == OrderStatus.PENDING and order.is_closing:
            _release(order, operator_id=order.closing_by_id, reason=order.close_reason)
    return order


def _release(order: Order, *, operator_id: int | None, reason: str) -> None:
    """Cancel a locked order that nobody can pay; give back all that it has taken."""
    now = timezone.now()
    order.payments.open().update(state=PaymentState.CLOSED, updated_at=now)
    order_move(
        order=order,
        to=OrderStatus.CANCELLED,
        operator_id=operator_id,
        reason=reason,
        close_reason=reason,
        cancelled_at=now,
    )
    items = list(order.items.all())
    quantities = {item.sku_id: item.quantity for item in items}
    stock_return(quantities=quantities, order_no=order.order_no)
    takings_return(user_id=order.user_id, pieces=sale_pieces(items))
    coupon_give_back(order)


def _claim(
    order: Order, *, operator_id: int | None, reason: str, now: datetime
) -> None:
    """Mark a locked order as closing; whoever claimed it first is remembered."""
    if order.closing_at is None:
        order.closing_at, order.closing_by_id = now, operator_id
        order.close_reason = reason
    order.due_at = now + min(max(now - order.closing_at, RETRY_MIN), RETRY_MAX)
    order.save(
        update_fields=[
            "closing_at",
            "closing_by",
            "close_reason",
            "due_at",
            "updated_at",
        ]
    )


@dataclass
class Sweep:
    """What a sweep did: counts of orders."""

    cancelled: int = 0
    paid: int = 0
    waiting: int = 0


def orders_expire(*, now: datetime | None = None) -> Sweep:
    """End the unpaid orders whose time has passed, and retry those that are closing.

    Several sweeps may run at once: each claims batches of its own. One order that
    can't be ended holds up no other.

    Locks: a batch of orders while it is claimed, skipping what others hold; then one
    order at a time with its SKUs, so that a sweep holds no SKU while it waits.
    """
    sweep = Sweep()
    failures = 0
    for order_id, is_wechat_needed in _claimed(now or timezone.now()):
        if is_wechat_needed and failures >= FAILURES_MAX:
            # Claimed with a lease, so a later sweep takes it up by itself.
            sweep.waiting += 1
            continue
        try:
            order = order_close(order_id=order_id)
        except Exception as error:
            failures += isinstance(error, WeChatUnavailable)
            sweep.waiting += 1
            if not isinstance(error, ShopError):
                logger.exception("order %d stays closing", order_id)
            continue
        sweep.cancelled += order.status == OrderStatus.CANCELLED
        sweep.paid += order.status == OrderStatus.PAID
    return sweep


def _claimed(now: datetime) -> Iterator[tuple[int, bool]]:
    """Yield due orders, claimed in committed batches, until none is left.

    Each by its id, and whether it has a payment that WeChat must be asked about.
    """
    while True:
        with transaction.atomic(durable=True):
            orders = due_orders_lock(now, BATCH_SIZE)
            for order in orders:
                _claim(order, operator_id=None, reason=EXPIRED, now=now)
        for order in orders:
            yield order.pk, order.has_open_payment  # type: ignore[attr-defined]
        if not orders:
            return
