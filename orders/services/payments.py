"""Payment attempts, and the one function that makes an order paid."""

import logging
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from catalog.services.stock import sales_add
from orders.errors import (
    IllegalTransition,
    OrderExpired,
    PaymentMismatch,
    PriceChanged,
)
from orders.locks import (
    open_payment_lock,
    order_lock,
    own_order_lock,
    payment_lock,
)
from orders.models import Order, OrderItem, OrderStatus, Payment, PaymentState
from orders.numbers import out_trade_no_make
from orders.services.transitions import order_move
from shop.wechat import pay
from shop.wechat.errors import PaymentClosed, WeChatRefused, WeChatUnavailable

logger = logging.getLogger(__name__)

# WeChat keeps a prepay_id for two hours; leave the shopper time to type a password.
PREPAY_REUSE = timedelta(minutes=100)
# Ours and WeChat's; anything else fits no column.
_NUMBER = re.compile(r"[0-9A-Za-z_|*-]{1,32}")
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
            _mark_closed(payment)
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
    if order.payments.succeeded().exists():
        # Late money of an old price: nobody shall pay twice.
        raise IllegalTransition("订单已收到一笔付款,请联系客服", status=order.status)
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


@transaction.atomic(durable=True)
def _mark_closed(payment: Payment) -> None:
    """Write down that WeChat has closed an attempt."""
    order = order_lock(payment.order_id)
    attempts = order.payments.open().filter(pk=payment.pk)
    attempts.update(state=PaymentState.CLOSED, updated_at=timezone.now())


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
    if not facts or facts["trade_state"] != "SUCCESS":
        # REFUND or worse: a person must look.
        logger.error("payment %s can be neither closed nor booked", out_trade_no)
        raise WeChatRefused
    payment_settle(facts=facts)
    return False


def payment_settle(*, facts: Mapping[str, Any]) -> Order:
    """Book what WeChat says of a payment; the only way for an order to become paid.

    `facts` come from a verified notification or a query's answer. Called again with
    the same facts it changes nothing. Money for an order that is cancelled already, or
    that costs something else by now, is booked on the payment, and alarmed; it never
    disappears, and it never makes that order paid.

    Locks: the order, the payment, then the products whose sales it counts.
    Raises: PaymentMismatch, when this is not the payment that we asked for.
    """
    with transaction.atomic(durable=True):
        number = str(facts.get("out_trade_no"))
        payment = (
            Payment.objects.filter(out_trade_no=number).first()
            if _NUMBER.fullmatch(number)
            else None
        )
        if payment is None:
            raise _mismatch("out_trade_no", facts)
        order = order_lock(payment.order_id)
        payment = payment_lock(payment.pk)
        _require_match(payment, facts)
        if payment.state == PaymentState.SUCCEEDED:
            if payment.transaction_id != facts["transaction_id"]:
                raise _mismatch("transaction_id", facts)
            return order
        if order.payments.succeeded().exists():
            raise _mismatch("second payment of the order", facts)
        _book(payment, facts)
        is_price_right = payment.amount == order.total_amount
        if order.status == OrderStatus.PENDING and is_price_right:
            _mark_paid(order, payment)
        else:
            logger.error(
                "order %s was %s when its payment %s came: %s of %s",
                order.order_no,
                order.status,
                payment.out_trade_no,
                payment.amount,
                order.total_amount,
            )
    return order


def _require_match(payment: Payment, facts: Mapping[str, Any]) -> None:
    """Compare what WeChat says with what we asked for.

    Source: PAY/4012791861, the merchant's duty on a notification.
    """
    amount = facts.get("amount")
    amount = amount if isinstance(amount, Mapping) else {}
    expected = {
        "appid": (facts.get("appid"), settings.WECHAT_APPID),
        "mchid": (facts.get("mchid"), settings.WECHAT_MCHID),
        "trade_state": (facts.get("trade_state"), "SUCCESS"),
        "amount.total": (amount.get("total"), pay.fen(payment.amount)),
        "amount.currency": (amount.get("currency"), "CNY"),
    }
    for name, (said, asked) in expected.items():
        # `True == 1` and `1.0 == 1`: an amount is an int or it is wrong.
        if type(said) is not type(asked) or said != asked:
            raise _mismatch(name, facts)
    if not _NUMBER.fullmatch(str(facts.get("transaction_id") or "")):
        raise _mismatch("transaction_id", facts)


def _mismatch(name: str, facts: Mapping[str, Any]) -> PaymentMismatch:
    logger.error("payment %.40r refused: %s", facts.get("out_trade_no"), name)
    return PaymentMismatch()


def _book(payment: Payment, facts: Mapping[str, Any]) -> None:
    payment.state = PaymentState.SUCCEEDED
    payment.transaction_id = facts["transaction_id"]
    payment.facts = dict(facts)
    payment.paid_at = _success_time(facts) or timezone.now()
    payment.save()


def _mark_paid(order: Order, payment: Payment) -> None:
    order_move(
        order=order,
        to=OrderStatus.PAID,
        operator_id=None,
        reason=f"微信支付 {payment.transaction_id}",
        paid_at=payment.paid_at,
    )
    quantities: dict[int, int] = {}
    for product_id, quantity in order.items.values_list("product_id", "quantity"):
        quantities[product_id] = quantities.get(product_id, 0) + quantity
    sales_add(quantities=quantities)


def _success_time(facts: Mapping[str, Any]) -> datetime | None:
    try:
        moment = parse_datetime(str(facts.get("success_time")))
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) else None
