"""WeChat's notifications: stored, then settled; settled again as often as need be.

A notification is stored in a transaction of its own before anything is done about it.
A process that dies at any later line leaves a row that is due, and a job settles it;
WeChat sends it again too. Whatever settles is idempotent, so nobody has to know who
came first.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import DataError, transaction
from django.utils import timezone

from orders.locks import due_notices_lock
from orders.models import Order, PaymentNotice
from orders.models.notice import PaymentNoticeQuerySet
from orders.services.facts import facts_kept
from orders.services.payments import payment_settle
from orders.services.refunds import refund_settle
from shop.errors import ShopError
from shop.retention import rows_delete
from shop.wechat.errors import NotificationRefused

logger = logging.getLogger(__name__)


def _refund_settle(*, facts: Mapping[str, Any]) -> Order:
    return refund_settle(facts=facts).order


# Each returns the order that it was about.
_SETTLERS: Mapping[str, Callable[..., Order]] = {
    "TRANSACTION.SUCCESS": payment_settle,
    "REFUND.SUCCESS": _refund_settle,
    "REFUND.CLOSED": _refund_settle,
    "REFUND.ABNORMAL": _refund_settle,
}
# Stored in `refusal`: nothing of ours depends on such an event.
UNKNOWN_EVENT = "unknown_event"
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
# One that was not settled is tried again after as long as it has been waiting, within
# these, and for as long as WeChat itself would try.
RETRY_MIN = timedelta(minutes=1)
RETRY_MAX = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=1)
BATCH_SIZE = 100


class Outcome(StrEnum):
    """What became of a notice that was settled once more."""

    SETTLED = "settled"
    SETTLED_BEFORE = "settled before"
    REFUSED = "refused"
    FAILED = "failed"


def notice_take(*, notification: Mapping[str, Any]) -> None:
    """Store a verified notification, then settle it.

    Raises: NotificationRefused, when it can't be stored; what its settling raises.
    """
    notice_settle(notice=_store(notification))


def _store(notification: Mapping[str, Any]) -> PaymentNotice:
    """Write it down for good; what WeChat sends again is there already."""
    now = timezone.now()
    facts = notification["resource"]
    notice = PaymentNotice(
        notice_id=str(notification.get("id") or ""),
        event_type=str(notification.get("event_type"))[:64],
        number=str(facts.get("out_refund_no") or facts.get("out_trade_no") or "")[:64],
        facts=facts,
        received_at=now,
        due_at=now + RETRY_MIN,
    )
    if not _ID.fullmatch(notice.notice_id):
        raise _unstorable(notice)
    try:
        with transaction.atomic(durable=True):
            PaymentNotice.objects.bulk_create([notice], ignore_conflicts=True)
    except DataError as error:
        # Signed by WeChat, yet a NUL in it: nothing that we ever asked for.
        raise _unstorable(notice) from error
    return notice


def _unstorable(notice: PaymentNotice) -> NotificationRefused:
    logger.error("notification %.40r can't be stored", notice.notice_id)
    return NotificationRefused()


def notice_settle(*, notice: PaymentNotice) -> None:
    """Book what a stored notification says; done again, it changes nothing.

    Locks: as payment_settle and refund_settle; none of the notice meanwhile.
    Raises: what those raise. A refusal is kept; what passes by itself leaves the
        notice due.
    """
    settle = _SETTLERS.get(notice.event_type)
    if settle is None:
        _mark(notice, refusal=UNKNOWN_EVENT)
        return
    try:
        order = settle(facts=notice.facts)
    except ShopError as error:
        if error.http_status < 500:
            _mark(notice, refusal=error.code)
        raise
    # Whose account was deleted before it came would else be kept in it.
    facts = facts_kept(notice.facts, order.user)
    _mark(notice, settled_at=timezone.now(), refusal="", facts=facts)


def _mark(notice: PaymentNotice, **values: Any) -> None:
    """Write what became of it, unless a twin has settled it before."""
    rows = PaymentNotice.objects.unsettled().filter(notice_id=notice.notice_id)
    rows.update(due_at=None, **values)


def notices_replay(
    *, notices: PaymentNoticeQuerySet, on_progress: Callable[[int], None] | None = None
) -> Counter[Outcome]:
    """Settle stored notices again, oldest first; one that fails holds up no other."""
    outcomes: Counter[Outcome] = Counter()
    for notice in _in_batches(notices.filter(event_type__in=_SETTLERS)):
        outcomes[_replayed(notice)] += 1
        if on_progress:
            on_progress(outcomes.total())
    return outcomes


def _in_batches(notices: PaymentNoticeQuerySet) -> Iterator[PaymentNotice]:
    last = 0
    while batch := list(notices.filter(pk__gt=last).order_by("pk")[:BATCH_SIZE]):
        yield from batch
        last = batch[-1].pk


def _replayed(notice: PaymentNotice) -> Outcome:
    try:
        notice_settle(notice=notice)
    except Exception as error:
        if isinstance(error, ShopError) and error.http_status < 500:
            return Outcome.REFUSED
        logger.exception("notice %s stays unsettled", notice.notice_id)
        return Outcome.FAILED
    return Outcome.SETTLED_BEFORE if notice.settled_at else Outcome.SETTLED


def notices_settle_due(*, now: datetime | None = None) -> Counter[Outcome]:
    """Settle what was stored and then not settled: its process died, or was refused.

    After a day a notice is given up: it stays in the staff's list, and the log says so.

    Locks: a batch of notices while it is claimed, skipping what others hold; then as
    notice_settle.
    """
    outcomes: Counter[Outcome] = Counter()
    for notice in _claimed(now or timezone.now()):
        outcome = _replayed(notice)
        if outcome == Outcome.FAILED and notice.due_at is None:
            logger.error("notice %s (%s) is given up", notice.notice_id, notice)
        outcomes[outcome] += 1
    return outcomes


def _claimed(now: datetime) -> Iterator[PaymentNotice]:
    """Yield due notices, claimed in committed batches, until none is left."""
    while True:
        with transaction.atomic(durable=True):
            notices = due_notices_lock(now, BATCH_SIZE)
            for notice in notices:
                notice.due_at = _next_try(notice, now)
            PaymentNotice.objects.bulk_update(notices, ["due_at"])
        yield from notices
        if not notices:
            return


def _next_try(notice: PaymentNotice, now: datetime) -> datetime | None:
    age = now - notice.received_at
    if age >= GIVEN_UP_AFTER:
        return None
    return now + min(max(age, RETRY_MIN), RETRY_MAX)


def notices_delete_old(*, now: datetime | None = None) -> int:
    """Delete what was settled long ago, in batches; return how many it was.

    The payment and the refund keep their facts for ever.
    """
    kept = timedelta(days=settings.NOTICE_KEEP_DAYS)
    before = (now or timezone.now()) - kept
    rows = PaymentNotice.objects.filter(received_at__lt=before, settled_at__lt=before)
    return rows_delete(rows.order_by("received_at"))
