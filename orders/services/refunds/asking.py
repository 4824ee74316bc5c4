"""How a refund begins: a shopper asks, a paid order is cancelled, staff or we decide.

Whatever it is, the pieces and the amount are set aside under the order's lock, so that
together the refunds never exceed what was paid, and nobody ships what goes back.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.errors import UserNotFound
from accounts.locks import shopper_hold
from accounts.services import upload_names
from orders.errors import (
    IllegalTransition,
    OrderChanged,
    PiecesExceeded,
    RefundPending,
)
from orders.locks import order_lock, own_order_lock, succeeded_payment_lock
from orders.models import (
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    Refund,
    RefundItem,
    RefundKind,
    RefundState,
)
from orders.numbers import out_refund_no_make, refund_no_make
from orders.services.fulfilment import lines_left
from orders.services.refunds.amounts import Portion, amount_of, portions
from orders.services.refunds.answering import requested_withdraw
from orders.services.refunds.sending import close_if_all_goes_back, send_later
from orders.services.refunds.states import refund_note
from shop.errors import Invalid

# WeChat gives nothing back after a year.
# Source: PAY/…/domestic/refunds, apply.
WECHAT_REFUND_DAYS = 365

Quantities = Mapping[int, int]


@transaction.atomic(durable=True)
def refund_request(
    *,
    order_no: str,
    user_id: int,
    reason: str,
    quantities: Quantities | None = None,
    images: Collection[str] = (),
) -> Refund:
    """Ask for the money of a shopper's own paid order; staff will answer.

    `quantities` are pieces by the id of the order's line; None is all that is left.
    `images` are storage names of pictures that the shopper has sent.

    Locks: the shopper, against a deletion of the account at the same moment; the order.
    Raises: UserNotFound, OrderNotFound, IllegalTransition, RefundPending,
        PiecesExceeded, Invalid.
    """
    if not shopper_hold(user_id):
        raise UserNotFound
    if images and not upload_names(user_id=user_id).issuperset(images):
        raise Invalid.field("images", "图片地址无效,请先上传图片")
    order = own_order_lock(order_no, user_id)
    _require_refundable(order)
    _require_in_time(order)
    if order.refunds.filter(state=RefundState.REQUESTED).exists():
        raise RefundPending
    return _begin(
        order,
        kind=RefundKind.AFTER_SALE,
        state=RefundState.REQUESTED,
        quantities=quantities,
        operator_id=user_id,
        reason=reason,
        images=list(images),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of an order had gone back, and how many parcels had left."""

    amount: Decimal
    parcels: int


def seen_now(order: Order) -> Seen:
    """Return how a paid order stands."""
    payment = order.payments.succeeded().get()
    return Seen(payment.refund_amount, order.shipments.count())


@transaction.atomic(durable=True)
def refund_by_staff(
    *,
    order_id: int,
    operator_id: int,
    reason: str,
    quantities: Quantities | None = None,
    is_restocked: bool = False,
    seen: Seen | None = None,
) -> Refund:
    """Give money of a paid order back, of all that is left or of some pieces.

    `is_restocked`: the pieces that had left are back on the shelf. Those that had not
    are in any case. `seen` is how the order stood when it was decided: so a button
    pressed twice gives once, and nothing is given for what a twin has just shipped.

    Locks: the order.
    Raises: IllegalTransition, OrderChanged, PiecesExceeded, Invalid.
    """
    order = order_lock(order_id)
    _require_refundable(order)
    if seen not in (None, seen_now(order)):
        raise OrderChanged
    return _begin(
        order,
        kind=RefundKind.STAFF,
        state=RefundState.APPROVED,
        quantities=quantities,
        operator_id=operator_id,
        reason=reason,
        is_restocked=is_restocked,
    )


def refund_for_cancel(*, order: Order, operator_id: int, reason: str) -> Refund:
    """Give all that is left of a paid order back, because it is cancelled.

    What its shopper had asked for before is part of it.

    Locks: the caller holds the order's lock.
    Raises: IllegalTransition, Invalid.
    """
    if order.shipments.exists():
        raise IllegalTransition("部分商品已发货,请申请退款", status=order.status)
    requested_withdraw(order=order, operator_id=operator_id, reason=reason)
    order.close_reason, order.closing_by_id = reason, operator_id
    return _begin(
        order,
        kind=RefundKind.CANCEL,
        state=RefundState.APPROVED,
        quantities=None,
        operator_id=operator_id,
        reason=reason,
    )


def refund_of_undue(*, payment: Payment, reason: str) -> Refund:
    """Give money back that pays for nothing.

    Locks: the caller holds the locks of the payment's order and of the payment.
    """
    refund = _write(
        payment,
        kind=RefundKind.AUTOMATIC,
        state=RefundState.APPROVED,
        amount=payment.amount,
        reason=reason,
    )
    refund_note(refund=refund, came_from="", operator_id=None, reason=reason)
    send_later(refund)
    return refund


def _require_refundable(order: Order) -> None:
    if order.is_closing or order.paid_at is None or _is_over(order):
        raise IllegalTransition("订单不能退款", status=order.status)


def _is_over(order: Order) -> bool:
    return order.status in (OrderStatus.PENDING, OrderStatus.CANCELLED)


def _require_in_time(order: Order) -> None:
    """Raises: IllegalTransition."""
    days = timedelta(days=settings.ORDER_REFUND_DAYS)
    if order.completed_at and order.completed_at + days < timezone.now():
        raise IllegalTransition("已超过售后期限,请联系客服", status=order.status)


def _begin(
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
    """Set pieces and amount of a locked order aside, and write the refund."""
    payment = _payment(order)
    left = lines_left(order)
    parts = portions(order, _wanted(left, quantities), left)
    amount = amount_of(parts, left, payment)
    if amount <= 0:
        raise Invalid.field("items", "这些商品没有可退的金额")
    refund = _write(
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


def _write(
    payment: Payment,
    *,
    kind: RefundKind,
    state: RefundState,
    amount: Decimal,
    reason: str,
    images: Iterable[str] = (),
    is_restocked: bool = False,
) -> Refund:
    """Write a refund and count it on its payment, whose constraint holds the sum."""
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
