"""Goods on their way back: staff say where to, the shopper says with which parcel."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from orders.carriers import CARRIERS
from orders.errors import IllegalTransition
from orders.locks import order_and_refund_lock
from orders.models import Refund, RefundDeed, RefundState
from orders.services.refunds.states import refund_mark, refund_move
from orders.services.refunds.withdrawing import own_refund_lock


@transaction.atomic(durable=True)
def refund_agree_return(
    *, refund_id: int, operator_id: int | None, address: str, answer: str = ""
) -> Refund:
    """Agree that the goods come back; the money is granted when they are there.

    The shopper has REFUND_RETURN_DAYS from now on to send them.

    Locks: the order, the refund.
    Raises: IllegalTransition, also for a request of money alone.
    """
    refund = order_and_refund_lock(refund_id)
    if not refund.is_return:
        raise IllegalTransition("买家申请的是仅退款,不用寄回", status=refund.state)
    if refund.is_agreed:
        raise IllegalTransition("已有一人同意退款,等第二人审批", status=refund.state)
    refund_move(
        refund=refund,
        to=RefundState.TO_RETURN,
        operator_id=operator_id,
        reason=answer,
        answer=answer,
        return_address=address,
        return_before=return_deadline(),
    )
    return refund


def return_deadline() -> datetime:
    """Return until when the goods of a return that begins now are to be sent."""
    return timezone.now() + timedelta(days=settings.REFUND_RETURN_DAYS)


@transaction.atomic(durable=True)
def refund_return_parcel(
    *, refund_no: str, user_id: int, carrier: str, tracking_no: str
) -> Refund:
    """Take down with which parcel a shopper sends the goods back.

    Told twice, it is one parcel; told otherwise while the goods are on their way, it
    is a correction. Late is not too late while nobody has withdrawn it.

    Locks: the shopper against being deleted; the order, the refund.
    Raises: RefundNotFound, IllegalTransition.
    """
    refund = own_refund_lock(refund_no, user_id)
    is_sent = refund.state == RefundState.RETURNING
    told = (refund.return_carrier, refund.return_tracking_no)
    if is_sent and told == (carrier, tracking_no):
        return refund
    reason = f"{CARRIERS[carrier]} {tracking_no}"
    parcel: dict[str, Any] = {
        "return_carrier": carrier,
        "return_tracking_no": tracking_no,
    }
    if is_sent:
        refund_mark(
            refund=refund,
            deed=RefundDeed.CORRECTED,
            operator_id=user_id,
            reason=reason,
            **parcel,
        )
    else:
        refund_move(
            refund=refund,
            to=RefundState.RETURNING,
            operator_id=user_id,
            reason=reason,
            returned_at=timezone.now(),
            **parcel,
        )
    return refund
