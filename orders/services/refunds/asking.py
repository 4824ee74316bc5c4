"""How a refund begins: a shopper asks or cancels, staff decide, or we do."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.errors import UserNotFound
from accounts.locks import shopper_hold
from accounts.services import uploads_require
from orders.errors import IllegalTransition, OrderChanged, RefundPending
from orders.locks import order_lock, own_order_lock
from orders.models import (
    Order,
    OrderStatus,
    Payment,
    Refund,
    RefundKind,
    RefundState,
)
from orders.models.refund_lines import ZERO
from orders.models.refund_states import ASKED
from orders.services.refunds.amounts import (
    Amounts,
    Portion,
    kept_of,
    portions_left,
)
from orders.services.refunds.granting import day_cap_require, is_second_needed
from orders.services.refunds.sending import send_later
from orders.services.refunds.setting_aside import (
    Quantities,
    refund_begin,
    refund_draft,
    refund_write,
)
from orders.services.refunds.states import refund_note
from orders.services.refunds.withdrawing import requested_withdraw


@transaction.atomic(durable=True)
def refund_request(
    *,
    order_no: str,
    user_id: int,
    reason: str,
    quantities: Quantities | None = None,
    images: Collection[str] = (),
    is_return: bool = False,
) -> Refund:
    """Ask for the money of a shopper's own paid order; staff will answer.

    `quantities` are pieces by the id of the order's line; None is all that is left.
    `is_return`: they have left, and come back before the money does.
    `images` are storage names of pictures that the shopper has sent.

    Locks: the shopper, against a deletion of the account at the same moment; the order.
    Raises: UserNotFound, OrderNotFound, IllegalTransition, RefundPending,
        PiecesExceeded, Invalid.
    """
    if not shopper_hold(user_id):
        raise UserNotFound
    uploads_require(user_id=user_id, names=images)
    order = own_order_lock(order_no, user_id)
    _require_refundable(order)
    _require_in_time(order)
    _require_none_requested(order)
    draft = refund_draft(order, quantities, is_return=is_return)
    return refund_begin(
        draft,
        kind=RefundKind.AFTER_SALE,
        state=RefundState.REQUESTED,
        operator_id=user_id,
        reason=reason,
        images=list(images),
        is_return=is_return,
        requested_amount=draft.amount,
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of an order had gone back or was kept, and how many parcels had left."""

    amount: Decimal
    parcels: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What staff can give back of a paid order: its lines' pieces, and the freight."""

    payment: Payment
    kept: Decimal
    parts: Sequence[Portion]
    freight: Decimal
    seen: Seen


def refund_offer(order: Order) -> Offer:
    """Return what can go back of a paid order, as it stands."""
    payment = order.payments.succeeded().get()
    kept, parts = kept_of(payment), portions_left(order)
    gone = payment.refund_amount + kept
    return Offer(
        payment=payment,
        kept=kept,
        parts=parts,
        freight=payment.amount - gone - sum((part.amount for part in parts), ZERO),
        seen=Seen(gone, order.shipments.count()),
    )


def seen_now(order: Order) -> Seen:
    """Return how a paid order stands."""
    payment = order.payments.succeeded().get()
    return Seen(payment.refund_amount + kept_of(payment), order.shipments.count())


@transaction.atomic(durable=True)
def refund_by_staff(
    *,
    order_id: int,
    operator_id: int,
    reason: str,
    quantities: Quantities | None = None,
    amounts: Amounts | None = None,
    is_restocked: bool = False,
    seen: Seen | None = None,
) -> Refund:
    """Give money of a paid order back, of all that is left or of some pieces.

    `amounts` are less than the pieces are worth, or money for a line of which no piece
    goes back. `is_restocked`: the pieces that had left are back on the shelf. Those
    that had not are in any case. `seen` is how the order stood when it was decided: so
    a button pressed twice gives once, and nothing is given for what a twin has just
    shipped.

    Above the limit of REFUND_TWO_PERSON_ABOVE it waits for a second person.

    Locks: the order, its payment; last the day's grants.
    Raises: IllegalTransition, OrderChanged, RefundPending, PiecesExceeded, Invalid,
        DayCapReached.
    """
    order = order_lock(order_id)
    _require_refundable(order)
    if seen not in (None, seen_now(order)):
        raise OrderChanged
    _require_none_agreed(order)
    draft = refund_draft(order, quantities, amounts)
    is_second_due, now = is_second_needed(order, draft.amount), timezone.now()
    if is_second_due:
        _require_none_requested(order)
    agreed = {"agreed_by_id": operator_id, "agreed_at": now}
    refund = refund_begin(
        draft,
        kind=RefundKind.STAFF,
        state=RefundState.REQUESTED if is_second_due else RefundState.APPROVED,
        operator_id=operator_id,
        reason=reason,
        is_restocked=is_restocked,
        **(agreed if is_second_due else {"granted_at": now}),
    )
    if not is_second_due:
        day_cap_require(refund)
    return refund


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
    return refund_begin(
        refund_draft(order, None),
        kind=RefundKind.CANCEL,
        state=RefundState.APPROVED,
        operator_id=operator_id,
        reason=reason,
    )


def refund_of_undue(*, payment: Payment, reason: str) -> Refund:
    """Give money back that pays for nothing.

    Locks: the caller holds the locks of the payment's order and of the payment.
    """
    refund = refund_write(
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


def _require_none_requested(order: Order) -> None:
    """Raises: RefundPending."""
    if order.refunds.filter(state__in=ASKED).exists():
        raise RefundPending


def _require_none_agreed(order: Order) -> None:
    """Let nothing else be priced while money that goes back alone may yet be refused.

    Raises: RefundPending.
    """
    if order.refunds.agreed().exists():
        raise RefundPending("该订单有退款在等第二人审批,请先处理")


def _is_over(order: Order) -> bool:
    return order.status in (OrderStatus.PENDING, OrderStatus.CANCELLED)


def _require_in_time(order: Order) -> None:
    """Raises: IllegalTransition."""
    days = timedelta(days=settings.ORDER_REFUND_DAYS)
    if order.completed_at and order.completed_at + days < timezone.now():
        raise IllegalTransition("已超过售后期限,请联系客服", status=order.status)
