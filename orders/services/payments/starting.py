"""Beginning to pay: an attempt, and the parameters that the mini-program needs."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from orders.errors import IllegalTransition, OrderExpired, PriceChanged
from orders.locks import (
    open_payment_lock,
    order_lock,
    own_order_lock,
    payment_lock,
)
from orders.models import Order, OrderItem, OrderStatus, Payment, PaymentState
from orders.models.payment import QUERY_AFTER
from orders.numbers import out_trade_no_make
from orders.services.payments.closing import payment_mark_closed
from shop.wechat import pay
from shop.wechat.errors import PaymentClosed, WeChatRefused, WeChatUnavailable

logger = logging.getLogger(__name__)

# WeChat keeps a prepay_id for two hours; leave the shopper time to type a password.
PREPAY_REUSE = timedelta(minutes=100)
# WeChat refuses a time_expire under a minute ahead. A shopper who pays in the last
# minute gets it; the sweep closes the attempt at the order's own expiry all the same.
PREPAY_MIN = timedelta(seconds=61)
EXPIRY_MIN = timedelta(seconds=65)


def payment_start(*, order_no: str, user: User) -> dict[str, str]:
    """Return what wx.requestPayment needs to pay an order.

    The attempt is written before WeChat hears of it, so a lost answer is asked for
    again under the same number. A cancel or a new price that comes meanwhile wins: the
    shopper gets no parameters, without which nobody can pay.

    Locks: the order, before and after each call, not during it.
    Raises: OrderNotFound, IllegalTransition, OrderExpired, PriceChanged,
        WeChatUnavailable, WeChatRefused.
    """
    payment = _attempt(order_no, user)
    if not _is_reusable(payment):
        try:
            prepay_id = _prepay(payment, user)
        except PaymentClosed:
            # A repricing that did not get to its end has closed it: begin anew.
            payment_mark_closed(payment=payment)
            payment = _attempt(order_no, user)
            prepay_id = _prepay(payment, user)
        _keep_prepay(payment, prepay_id)
    return pay.client_parameters(payment.prepay_id)


@transaction.atomic(durable=True)
def _attempt(order_no: str, user: User) -> Payment:
    """Return the open attempt of a payable order, a new one if there is none."""
    order = own_order_lock(order_no, user.pk)
    _require_payable(order)
    now = timezone.now()
    if order.expires_at <= now:
        raise OrderExpired
    payment = open_payment_lock(order)
    if payment and not payment.prepay_id and payment.expires_at < now + PREPAY_MIN:
        # WeChat may never have heard of it, and it is too late to tell.
        raise OrderExpired
    if payment is None:
        number = order.payments.count() + 1
        payment = Payment.objects.create(
            order=order,
            out_trade_no=out_trade_no_make(order_no=order.order_no, attempt=number),
            amount=order.total_amount,
            expires_at=max(order.expires_at, now + EXPIRY_MIN),
            next_query_at=now + QUERY_AFTER,
        )
    return payment


def _is_reusable(payment: Payment) -> bool:
    if not payment.prepay_id or payment.prepay_at is None or payment.close_asked_at:
        return False
    return payment.prepay_at + PREPAY_REUSE > timezone.now()


def _prepay(payment: Payment, user: User) -> str:
    return pay.prepay(
        out_trade_no=payment.out_trade_no,
        description=_description(payment.order_id),
        amount=payment.amount,
        openid=user.openid or "",
        expires_at=payment.expires_at,
    )


def _keep_prepay(payment: Payment, prepay_id: str) -> None:
    """Keep a prepay_id, unless the order has changed while WeChat answered.

    Raises: IllegalTransition, when it was cancelled or paid; PriceChanged.
    """
    payment.prepay_id, payment.prepay_at = prepay_id, timezone.now()
    try:
        with transaction.atomic(durable=True):
            order = order_lock(payment.order_id)
            _require_payable(order)
            _require_current(payment_lock(payment.pk), order)
            payment.save(update_fields=["prepay_id", "prepay_at", "updated_at"])
    except (IllegalTransition, PriceChanged):
        _close_quietly(payment.out_trade_no)
        raise


def _close_quietly(out_trade_no: str) -> None:
    """Close what nobody will be able to pay; WeChat's own expiry is the fallback."""
    try:
        pay.close(out_trade_no)
    except (WeChatUnavailable, WeChatRefused):
        logger.warning("payment %s left to expire at WeChat", out_trade_no)


def _require_payable(order: Order) -> None:
    if order.status != OrderStatus.PENDING or order.is_closing:
        raise IllegalTransition(status=order.status)


def _require_current(payment: Payment, order: Order) -> None:
    if payment.state != PaymentState.OPEN or payment.amount != order.total_amount:
        raise PriceChanged


def _description(order_id: int) -> str:
    names = OrderItem.objects.filter(order=order_id).values_list("name", flat=True)[:2]
    return names[0] if len(names) == 1 else f"{names[0]}等"
