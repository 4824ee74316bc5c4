"""A new price for an unpaid order: close its payment at WeChat, then write it.

Whoever holds parameters of the old price can pay until WeChat has closed it, and then
the order is paid and keeps its price; after that nobody can. A process that dies at any
line leaves the old price. What WeChat may have closed by then is remembered as
`close_asked_at`, so that the shopper is not given dead parameters.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from orders.errors import (
    IllegalTransition,
    OrderExpired,
    PaymentInProgress,
    PriceChanged,
)
from orders.locks import order_lock
from orders.models import Order, OrderPriceChange, OrderStatus, Payment, PaymentState
from orders.services.payments import payment_close
from orders.services.quoting import AMOUNT_MAX
from shop.errors import Invalid
from shop.wechat.errors import WeChatUnavailable

# WeChat refuses 0.
TOTAL_MIN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Price:
    """What is added to the goods and taken off them."""

    freight_amount: Decimal
    discount_amount: Decimal


def order_reprice(
    *, order_id: int, seen: Price, new: Price, operator_id: int, reason: str
) -> Order:
    """Change freight and discount of an unpaid order.

    `seen` is what the operator decided on: a twin's new price is not overwritten.

    Locks: the order, before and after the calls to WeChat, not during them.
    Raises: IllegalTransition (also when it turns out to be paid), OrderExpired,
        PriceChanged, PaymentInProgress, Invalid, WeChatUnavailable, WeChatRefused,
        PaymentMismatch; the price is as before.
    """
    payments = _closing_begin(order_id, seen, new)
    for payment in payments:
        _close(payment)
    with transaction.atomic(durable=True):
        order = order_lock(order_id)
        _require_repriceable(order, seen)
        closed = order.payments.open().filter(pk__in=[each.pk for each in payments])
        closed.update(state=PaymentState.CLOSED, updated_at=timezone.now())
        if order.payments.open().exists():
            # Begun since we looked: WeChat was not asked to close this one.
            raise PaymentInProgress
        _price_set(order, new, operator_id=operator_id, reason=reason)
    return order


@transaction.atomic(durable=True)
def _closing_begin(order_id: int, seen: Price, new: Price) -> list[Payment]:
    """Return the attempts to close, each marked as maybe closed from now on."""
    order = order_lock(order_id)
    _require_repriceable(order, seen)
    _require_payable_total(order, new)
    if new == seen:
        raise Invalid.field("freight_amount", "价格没有变化")
    payments = list(order.payments.open())
    order.payments.open().update(close_asked_at=timezone.now())
    return payments


def _require_repriceable(order: Order, seen: Price) -> None:
    if order.status != OrderStatus.PENDING or order.is_closing:
        state = "关闭中" if order.is_closing else order.get_status_display()
        raise IllegalTransition(f"订单{state},不能改价", status=order.status)
    if order.expires_at <= timezone.now():
        raise OrderExpired("订单已超时,不能改价")
    if seen != Price(order.freight_amount, order.discount_amount):
        raise PriceChanged


def _require_payable_total(order: Order, new: Price) -> None:
    """Raises: Invalid."""
    if min(new.freight_amount, new.discount_amount) < 0:
        raise Invalid.field("freight_amount", "运费和优惠不能小于0")
    total = order.goods_amount + new.freight_amount - new.discount_amount
    if total < TOTAL_MIN:
        raise Invalid.field("discount_amount", f"应付金额不能小于{TOTAL_MIN}")
    if total > AMOUNT_MAX:
        raise Invalid.field("freight_amount", f"应付金额不能大于{AMOUNT_MAX}")


def _close(payment: Payment) -> None:
    try:
        is_closed = payment_close(out_trade_no=payment.out_trade_no)
    except WeChatUnavailable:
        raise WeChatUnavailable("微信暂时联系不上,价格未改,请稍后再试") from None
    if not is_closed:
        raise IllegalTransition("买家已付款,不能改价", status=OrderStatus.PAID)


def _price_set(order: Order, new: Price, *, operator_id: int, reason: str) -> None:
    """Write a locked order's price, and what it was."""
    change = OrderPriceChange(order=order, operator_id=operator_id, reason=reason)
    change.old_freight_amount = order.freight_amount
    change.old_discount_amount = order.discount_amount
    change.old_total_amount = order.total_amount
    order.freight_amount = change.new_freight_amount = new.freight_amount
    order.discount_amount = change.new_discount_amount = new.discount_amount
    order.total_amount = order.goods_amount + new.freight_amount - new.discount_amount
    change.new_total_amount = order.total_amount
    amounts = ["freight_amount", "discount_amount", "total_amount"]
    order.save(update_fields=[*amounts, "updated_at"])
    change.save(force_insert=True)
