"""Requests that come to nothing: taken back, overtaken, or never followed by goods."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.locks import shopper_hold
from orders.errors import RefundNotFound
from orders.locks import order_and_refund_lock
from orders.models import Order, OrderItem, Payment, Refund, RefundState
from orders.models.refund_states import ASKED
from orders.services.refunds.states import refund_move

logger = logging.getLogger(__name__)

_BATCH_SIZE = 1000


@transaction.atomic(durable=True)
def refund_withdraw(*, refund_no: str, user_id: int) -> Refund:
    """Take a shopper's own request back, before the money or the goods are on the way.

    Locks: the shopper against being deleted, then the order.
    Raises: RefundNotFound, IllegalTransition.
    """
    refund = own_refund_lock(refund_no, user_id)
    _withdraw(refund, operator_id=user_id, reason="买家撤回")
    return refund


def own_refund_lock(refund_no: str, user_id: int) -> Refund:
    """Lock a refund that its shopper may see.

    Locks: the shopper against being deleted, then the order, then the refund.
    Raises: RefundNotFound.
    """
    known = Refund.objects.of(user_id).shown().filter(refund_no=refund_no).first()
    if known is None or not shopper_hold(user_id):
        raise RefundNotFound
    return order_and_refund_lock(known.pk)


def requested_withdraw(*, order: Order, operator_id: int, reason: str) -> None:
    """Withdraw what waits for an answer, for all of it goes back now.

    Locks: the caller holds the order's lock.
    """
    for refund in order.refunds.filter(state__in=ASKED):
        _withdraw(refund, operator_id=operator_id, reason=reason)


def returns_expire(*, now: datetime | None = None) -> int:
    """Withdraw the returns whose goods were not sent in time; return how many.

    At most a batch: the next run goes on. One that can't be withdrawn holds up no
    other.

    Locks: one order and its refund at a time.
    """
    due = Refund.objects.unreturned(now or timezone.now()).order_by("return_before")
    return sum(map(_expire_one, due.values_list("pk", flat=True)[:_BATCH_SIZE]))


def _expire_one(refund_id: int) -> bool:
    try:
        with transaction.atomic(durable=True):
            refund = order_and_refund_lock(refund_id)
            # The shopper may have sent it at the last moment, or somebody granted it.
            if refund.state != RefundState.TO_RETURN or refund.is_agreed:
                return False
            _withdraw(refund, operator_id=None, reason="超过寄回期限,系统自动撤回")
    except Exception:
        logger.exception("return %d stays open", refund_id)
        return False
    return True


def _withdraw(refund: Refund, *, operator_id: int | None, reason: str) -> None:
    refund_move(
        refund=refund,
        to=RefundState.WITHDRAWN,
        operator_id=operator_id,
        reason=reason,
    )
    refund_give_free(refund)


def refund_give_free(refund: Refund) -> None:
    """Count a refund that will not be no longer, on its payment and its lines.

    Locks: the caller holds those of the order and the refund.
    """
    rows = Payment.objects.filter(pk=refund.payment_id)
    rows.update(
        refund_amount=F("refund_amount") - refund.amount, updated_at=timezone.now()
    )
    parts = list(refund.items.select_related("order_item"))
    for part in parts:
        part.order_item.refund_quantity = F("refund_quantity") - part.quantity
    OrderItem.objects.bulk_update(
        [part.order_item for part in parts], ["refund_quantity"]
    )
