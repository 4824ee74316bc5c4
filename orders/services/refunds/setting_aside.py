"""Setting aside what goes back: pieces on the order's lines, money on its payment.

Under the order's lock, so that together the refunds never exceed what was paid, and
nobody ships what goes back.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

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
from orders.services.refunds.amounts import Portion, amount_of, portions
from orders.services.refunds.sending import close_if_all_goes_back, send_later
from orders.services.refunds.states import refund_note
from shop.errors import Invalid

# WeChat gives nothing back after a year.
# Source: PAY/…/domestic/refunds, apply.
WECHAT_REFUND_DAYS = 365

Quantities = Mapping[int, int]


def refund_begin(
    order: Order,
    *,
    kind: RefundKind,
    state: RefundState,
    quantities: Quantities | None,
    operator_id: int,
    reason: str,
    images: list[str] | None = None,
    is_restocked: bool = False,
) -> Refund:
    """Set pieces and amount of an order aside, and write the refund.

    Locks: the caller holds the order's lock; takes the payment's.
    Raises: IllegalTransition, PiecesExceeded, Invalid.
    """
    payment = _payment(order)
    left = lines_left(order)
    parts = portions(order, _wanted(left, quantities), left)
    amount = amount_of(parts, left, payment)
    if amount <= 0:
        raise Invalid.field("items", "这些商品没有可退的金额")
    refund = refund_write(
        payment,
        kind=kind,
        state=state,
        amount=amount,
        reason=reason,
        images=images or [],
        is_restocked=is_restocked,
    )
    _set_aside(refund, parts)
    refund_note(refund=refund, came_from="", operator_id=operator_id, reason=reason)
    if state == RefundState.APPROVED:
        close_if_all_goes_back(order)
        send_later(refund)
    return refund


def _payment(order: Order) -> Payment:
    """Return the payment of a paid order, locked.

    Raises: IllegalTransition, when WeChat would refuse for its age.
    """
    payment = succeeded_payment_lock(order)
    age = timezone.now() - (payment.paid_at or payment.created_at)
    if age > timedelta(days=WECHAT_REFUND_DAYS):
        raise IllegalTransition("付款已超过一年,微信不再支持退款", status=order.status)
    return payment


def _wanted(
    left: Mapping[OrderItem, int], quantities: Quantities | None
) -> dict[OrderItem, int]:
    """Return pieces by line, without the lines that have none.

    Raises: Invalid, PiecesExceeded.
    """
    free = {item: item.quantity - item.refund_quantity for item in left}
    known = {item.pk: item for item in left}
    if quantities is None:
        quantities = {item.pk: count for item, count in free.items()}
    elif quantities.keys() - known.keys() or min(quantities.values(), default=0) < 1:
        raise Invalid.field("items", "请选择要退款的商品和数量")
    wanted = {known[pk]: count for pk, count in quantities.items() if count}
    if not wanted:
        raise Invalid.field("items", "没有可退款的商品")
    _require_free(free, wanted)
    return wanted


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
    images: Iterable[str] = (),
    is_restocked: bool = False,
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
        images=list(images),
        is_restocked=is_restocked,
    )


def _set_aside(refund: Refund, parts: Collection[Portion]) -> None:
    """Write what a refund is for, and count the pieces on the order's lines."""
    RefundItem.objects.bulk_create(
        RefundItem(
            refund=refund,
            order_item=part.item,
            quantity=part.quantity,
            unshipped_quantity=part.unshipped,
            amount=part.amount,
        )
        for part in parts
    )
    for part in parts:
        part.item.refund_quantity = F("refund_quantity") + part.quantity
    OrderItem.objects.bulk_update([part.item for part in parts], ["refund_quantity"])
