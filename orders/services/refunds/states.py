"""The one place that writes a refund's state."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.errors import IllegalTransition
from orders.models import (
    MessageKind,
    Refund,
    RefundDeed,
    RefundEvent,
    RefundKind,
    RefundState,
)
from orders.models.refund_states import REFUND_TRANSITIONS
from orders.services.messages import message_enqueue
from shop.metrics import REFUNDS

_TOLD: Mapping[RefundState, MessageKind] = {
    RefundState.TO_RETURN: MessageKind.AGREED,
    RefundState.REJECTED: MessageKind.REJECTED,
    RefundState.SUCCEEDED: MessageKind.REFUNDED,
}


def refund_move(
    *,
    refund: Refund,
    to: RefundState,
    operator_id: int | None,
    reason: str = "",
    **fields: Any,
) -> None:
    """Move a refund on and write the event; `fields` are set in the same update.

    The shopper is told of an answer, and of money that is back.

    Locks: the caller's transaction holds the order's lock.
    Raises: IllegalTransition.
    """
    old = RefundState(refund.state)
    if to not in REFUND_TRANSITIONS[old]:
        raise IllegalTransition(f"退款{old.label},不能这样做", status=old)
    values = {"state": to, "updated_at": timezone.now(), **fields}
    if Refund.objects.filter(pk=refund.pk, state=old).update(**values) != 1:
        raise IllegalTransition(status=old)
    for name, value in values.items():
        setattr(refund, name, value)
    refund_note(refund=refund, came_from=old, operator_id=operator_id, reason=reason)
    # Of what staff only considered by themselves the shopper never knew.
    is_known = to != RefundState.REJECTED or refund.kind != RefundKind.STAFF
    if to in _TOLD and is_known:
        message_enqueue(kind=_TOLD[to], order=refund.order, refund=refund)


def refund_mark(
    *, refund: Refund, deed: RefundDeed, operator_id: int, reason: str, **fields: Any
) -> None:
    """Write what is done to a request that goes on waiting, and the event.

    Locks: the caller's transaction holds the locks of the order and the refund.
    """
    for name, value in fields.items():
        setattr(refund, name, value)
    refund.save(update_fields=[*fields, "updated_at"])
    _event(refund, refund.state, operator_id, reason, deed)


def refund_note(
    *, refund: Refund, came_from: str, operator_id: int | None, reason: str
) -> None:
    """Write the event of a refund's present state."""
    _event(refund, came_from, operator_id, reason)
    transaction.on_commit(REFUNDS.labels(refund.state).inc)


def _event(
    refund: Refund, came_from: str, operator_id: int | None, reason: str, deed: str = ""
) -> None:
    RefundEvent.objects.create(
        refund=refund,
        from_state=came_from,
        to_state=RefundState(refund.state),
        operator_id=operator_id,
        reason=reason,
        deed=deed,
        amount=refund.amount,
    )
