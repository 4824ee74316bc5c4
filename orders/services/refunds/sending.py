"""From an approved refund to WeChat and back: send it, ask what became of it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from orders.errors import RefundMismatch
from orders.locks import due_refunds_lock
from orders.models import (
    AnomalyKind,
    Order,
    OrderStatus,
    Refund,
    RefundItem,
    RefundState,
)
from orders.models.refund_states import UNDECIDED
from orders.services.anomalies import anomaly_note
from orders.services.fulfilment import lines_unshipped
from orders.services.refunds.settling import refund_refuse, refund_settle
from shop.errors import ShopError
from shop.queue import job_enqueue
from shop.wechat import pay
from shop.wechat.errors import BalanceTooSmall, WeChatRefused, WeChatUnavailable

logger = logging.getLogger(__name__)

# The sweep sends what its job did not.
SEND_AGAIN = timedelta(minutes=10)
# WeChat's own advice: each minute, after five minutes ever more seldom.
# Source: PAY/…/domestic/refunds, query.
QUERY_MIN = timedelta(minutes=1)
QUERY_OFTEN = timedelta(minutes=5)
QUERY_MAX = timedelta(hours=6)
BATCH_SIZE = 100
# With WeChat away every refund would cost a time-out; the next run comes soon.
FAILURES_MAX = 3
# What passes when the merchant's balance is filled up.
_NOT_ENOUGH = "NOT_ENOUGH"


def send_later(refund: Refund) -> None:
    """Queue the sending of an approved refund in the transaction that approves it."""
    refund.due_at = timezone.now() + SEND_AGAIN
    refund.save(update_fields=["due_at", "updated_at"])
    job_enqueue("orders.jobs.refund_send", refund_id=refund.pk)


def close_if_all_goes_back(order: Order) -> None:
    """Let a locked order do nothing more when nothing of it will ever leave."""
    if order.status != OrderStatus.PAID or order.is_closing:
        return
    granted = RefundItem.objects.exclude(refund__state__in=UNDECIDED)
    if any(lines_unshipped(order, granted).values()) or order.shipments.exists():
        return
    order.closing_at = timezone.now()
    order.save(update_fields=["closing_at", "closing_by", "close_reason", "updated_at"])


def refund_send(*, refund_id: int) -> None:
    """Ask WeChat for an approved refund; again and again it is the same one.

    The process may die at any line: its job, or the sweep, asks again under the same
    number, and WeChat answers with what it knows.

    Locks: none during the calls.
    Raises: WeChatUnavailable, WeChatRefused (to be tried again).
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.state != RefundState.APPROVED:
        return
    try:
        facts = pay.refund(
            out_refund_no=refund.out_refund_no,
            transaction_id=refund.payment.transaction_id or "",
            reason=refund.reason,
            amount=refund.amount,
            total=refund.payment.amount,
        )
    except WeChatRefused as error:
        if error.wechat_code == _NOT_ENOUGH:
            _note_empty_balance(refund)
            raise BalanceTooSmall from error
        # Perhaps it was taken before, and the answer was lost: what is done is refused.
        known = pay.refund_query(refund.out_refund_no)
        if known is None:
            refund_refuse(refund=refund, wechat_code=error.wechat_code)
            return
        facts = known
    try:
        refund_settle(facts=facts)
    except RefundMismatch:
        # Asked again, WeChat would say the same.
        refund_refuse(refund=refund, wechat_code="MISMATCH")


@transaction.atomic
def _note_empty_balance(refund: Refund) -> None:
    anomaly_note(
        kind=AnomalyKind.REFUND_FAILED,
        key=f"{refund.out_refund_no}:{_NOT_ENOUGH}",
        happened=f"商户余额不足,退款{refund.refund_no}还没有退出",
        done="系统会继续重试,请为商户号充值",
        order=refund.order,
        payment=refund.payment,
        refund=refund,
    )


@dataclass
class Follow:
    """What a run did: counts of refunds."""

    ended: int = 0
    waiting: int = 0


def refunds_follow(*, now: datetime | None = None) -> Follow:
    """Ask WeChat about the refunds that are due: sent ones, and ones never sent.

    Several runs may be at it at once: each claims a batch of its own, and leaves the
    rest to the next minute's. One refund that can't be followed holds up no other.

    Locks: a batch of refunds while it is claimed, skipping what others hold.
    """
    done, failures = Follow(), 0
    for refund_id in _claimed(now or timezone.now()):
        if failures >= FAILURES_MAX:
            done.waiting += 1
            continue
        try:
            state = refund_query(refund_id=refund_id)
        except Exception as error:
            # A balance that is empty says nothing of WeChat, and of smaller refunds.
            is_empty = isinstance(error, BalanceTooSmall)
            failures += isinstance(error, WeChatUnavailable) and not is_empty
            done.waiting += 1
            if not isinstance(error, ShopError):
                logger.exception("refund %d is not followed", refund_id)
            continue
        is_open = state in (RefundState.APPROVED, RefundState.PROCESSING)
        done.waiting += is_open
        done.ended += not is_open
    return done


def refund_query(*, refund_id: int) -> RefundState:
    """Ask WeChat what became of a refund and book it; send it if it never was.

    Locks: none during the calls.
    Raises: WeChatUnavailable, WeChatRefused, RefundMismatch.
    """
    refund = Refund.objects.get(pk=refund_id)
    if refund.state == RefundState.APPROVED:
        refund_send(refund_id=refund_id)
    elif facts := pay.refund_query(refund.out_refund_no):
        refund_settle(facts=facts)
    refund.refresh_from_db(fields=["state"])
    return RefundState(refund.state)


def _claimed(now: datetime) -> list[int]:
    """Return the refunds that are due, each with a lease until it is due again."""
    with transaction.atomic(durable=True):
        refunds = due_refunds_lock(now, BATCH_SIZE)
        for refund in refunds:
            refund.due_at = now + _wait(refund, now)
            refund.save(update_fields=["due_at", "updated_at"])
    return [refund.pk for refund in refunds]


def _wait(refund: Refund, now: datetime) -> timedelta:
    age = now - (refund.accepted_at or refund.created_at)
    return QUERY_MIN if age <= QUERY_OFTEN else min(age, QUERY_MAX)
