"""Setting aside what goes back: pieces on the order's lines, money on its payment.

Under the order's lock, so that together the refunds never exceed what was paid, and
nobody ships what goes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone

from orders.errors import IllegalTransition, PiecesExceeded
from orders.locks import succeeded_payment_lock
from orders.models import (
    Order,
    OrderItem,
    Payment,
    Refund,
    RefundItem,
    RefundKind,
    RefundState,
)
from orders.numbers import out_refund_no_make, refund_no_make
from orders.services.fulfilment import lines_left
from orders.services.refunds.amounts import (
    Amounts,
    Portion,
    freight_cut,
    freight_of,
    lines_paid,
    payment_left,
    portions,
    portions_cut,
    require_some,
)
from orders.services.refunds.sending import close_if_all_goes_back, send_later
from orders.services.refunds.states import refund_note
from shop.errors import Invalid

# WeChat gives nothing back after a year.
# Source: PAY/…/domestic/refunds, apply.
WECHAT_REFUND_DAYS = 365

Quantities = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """What would go back of a locked order's payment, and what would be kept."""

    payment: Payment
    parts: Sequence[Portion]
    amount: Decimal
    kept: Decimal


def refund_draft(
    order: Order,
    quantities: Quantities | None,
    amounts: Amounts | None = None,
    *,
    is_return: bool = False,
) -> Draft:
    """Price what is to go back of an order; gifts go with the last of what was paid.

    `is_return`: of pieces that have left, for only those come back.

    Locks: the caller holds the order's lock; takes the payment's.
    Raises: IllegalTransition, PiecesExceeded, Invalid.
    """
    payment = _payment(order)
    left = lines_left(order)
    amounts = amounts or Amounts()
    wanted = _wanted(left, quantities, amounts)
    gifts = _gifts(order, left, wanted)
    unshipped = left
    if is_return:
        _require_returnable(left, wanted)
        unshipped = dict.fromkeys(left, 0) | gifts
    wanted |= gifts
    whole = portions(order, wanted, unshipped)
    freight = freight_of(whole, left, payment)
    worth = sum((part.amount for part in whole), freight)
    if worth <= 0:
        raise Invalid.field("items", "这些商品没有可退的金额")
    parts = portions_cut(whole, amounts)
    has_left = order.shipments.exists()
    given = freight_cut(freight, amounts.freight, has_left=has_left)
    amount = sum((part.amount for part in parts), given)
    kept = sum((part.kept for part in parts), freight - given)
    require_some(amount)
    if not all(wanted.values()) and amount + kept >= payment_left(payment):
        raise Invalid.field("amount", "商品没有全部退回,不能退完全部金额")
    return Draft(payment, parts, amount, kept)


def refund_begin(
    draft: Draft,
    *,
    kind: RefundKind,
    state: RefundState,
    operator_id: int,
    reason: str,
    **fields: Any,
) -> Refund:
    """Set pieces and amount of an order aside, and write the refund.

    Locks: the caller holds those of the order and its payment.
    """
    refund = refund_write(
        draft.payment,
        kind=kind,
        state=state,
        amount=draft.amount,
        reason=reason,
        kept_amount=draft.kept,
        **fields,
    )
    _set_aside(refund, draft.parts)
    refund_note(refund=refund, came_from="", operator_id=operator_id, reason=reason)
    if state == RefundState.APPROVED:
        close_if_all_goes_back(refund.order)
        send_later(refund)
    return refund


def _payment(order: Order) -> Payment:
    """Return the payment of a paid order, locked.

    Raises: IllegalTransition, when WeChat would refuse for its age.
    """
    payment = succeeded_payment_lock(order)
    payment.order = order
    age = timezone.now() - (payment.paid_at or payment.created_at)
    if age > timedelta(days=WECHAT_REFUND_DAYS):
        raise IllegalTransition("付款已超过一年,微信不再支持退款", status=order.status)
    return payment


def _wanted(
    left: Mapping[OrderItem, int], quantities: Quantities | None, amounts: Amounts
) -> dict[OrderItem, int]:
    """Return pieces by line, without the lines for which nothing goes back.

    Raises: Invalid, PiecesExceeded.
    """
    free = {item: item.quantity - item.refund_quantity for item in left}
    known = {item.pk: item for item in left}
    if quantities is None:
        quantities = {item.pk: count for item, count in free.items() if count}
        refusal = "没有可退款的商品"
    else:
        refusal = "请选择要退款的商品和数量"
    alone = {pk: 0 for pk, amount in amounts.lines.items() if amount}
    asked = {**alone, **quantities}
    is_odd = asked.keys() - known.keys() or min(quantities.values(), default=1) < 1
    if is_odd or not asked:
        raise Invalid.field("items", refusal)
    wanted = {known[pk]: count for pk, count in asked.items()}
    _require_free(free, wanted)
    return wanted


def _require_returnable(
    left: Mapping[OrderItem, int], wanted: Mapping[OrderItem, int]
) -> None:
    """Raises: Invalid, for what has not left can't come back."""
    for item, count in wanted.items():
        if count > item.quantity - item.refund_quantity - left[item]:
            raise Invalid.field("type", "有商品还没有发货,请选择仅退款")


def _gifts(
    order: Order, left: Mapping[OrderItem, int], wanted: Mapping[OrderItem, int]
) -> dict[OrderItem, int]:
    """Return what cost nothing and has not left, if the last that cost goes back.

    For itself alone WeChat gives nothing back: it would hold its order for ever.
    """
    paid = lines_paid(order, left)
    others = [item for item in left if paid[item.pk]]
    stays = any(
        item.refund_quantity + wanted.get(item, 0) < item.quantity for item in others
    )
    if stays or not wanted.keys() & set(others):
        return {}
    return {
        item: max(count, wanted.get(item, 0))
        for item, count in left.items()
        if count and not paid[item.pk]
    }


def _require_free(
    free: Mapping[OrderItem, int], wanted: Mapping[OrderItem, int]
) -> None:
    exceeded = [item for item, count in wanted.items() if count > free[item]]
    if exceeded:
        raise PiecesExceeded(
            f"商品{exceeded[0].name}只剩{free[exceeded[0]]}件可退款",
            items=[
                {
                    "itemId": item.pk,
                    "name": item.name,
                    "requested": wanted[item],
                    "left": free[item],
                }
                for item in exceeded
            ],
        )


def refund_write(
    payment: Payment,
    *,
    kind: RefundKind,
    state: RefundState,
    amount: Decimal,
    reason: str,
    **fields: Any,
) -> Refund:
    """Write a refund and count it on its payment, whose constraint holds the sum.

    Locks: the caller holds those of the payment and of its order.
    """
    now = timezone.now()
    number = refund_no_make(user_id=payment.order.user_id, now=now)
    rows = Payment.objects.filter(pk=payment.pk)
    rows.update(refund_amount=F("refund_amount") + amount, updated_at=now)
    return Refund.objects.create(
        refund_no=number,
        out_refund_no=out_refund_no_make(refund_no=number, attempt=1),
        order=payment.order,
        payment=payment,
        kind=kind,
        state=state,
        amount=amount,
        reason=reason,
        **fields,
    )


def _set_aside(refund: Refund, parts: Sequence[Portion]) -> None:
    """Write what a refund is for, and count the pieces on the order's lines."""
    RefundItem.objects.bulk_create(
        RefundItem(
            refund=refund,
            order_item=part.item,
            quantity=part.quantity,
            unshipped_quantity=part.unshipped,
            amount=part.amount,
            kept_amount=part.kept,
        )
        for part in parts
    )
    for part in parts:
        part.item.refund_quantity = F("refund_quantity") + part.quantity
    OrderItem.objects.bulk_update([part.item for part in parts], ["refund_quantity"])
