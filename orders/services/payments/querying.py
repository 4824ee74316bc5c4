"""Asking WeChat about the payments of which it has told us nothing.

A notification may be lost, and the shopper has paid all the same. So WeChat is asked
five minutes after an attempt began, and then again after as long as it has been open,
until the order's own expiry has brought the attempt to its end.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from orders.locks import due_payments_lock
from orders.models import Payment
from orders.models.payment import QUERY_AFTER
from orders.services.payments.closing import payment_mark_closed
from orders.services.payments.settling import payment_settle
from shop.errors import ShopError
from shop.wechat import pay
from shop.wechat.errors import WeChatUnavailable

logger = logging.getLogger(__name__)

QUERY_EVERY_MAX = timedelta(hours=1)
BATCH_SIZE = 100
# With WeChat away every question would cost a time-out; the next run comes soon.
FAILURES_MAX = 3


@dataclass
class Answers:
    """What WeChat said: counts of payments."""

    paid: int = 0
    closed: int = 0
    unpaid: int = 0
    failed: int = 0


def payments_query_due(*, now: datetime | None = None) -> Answers:
    """Ask WeChat about the open payments whose time for it has come.

    Several runs may go on at once: each claims batches of its own. A payment that
    can't be asked about, or settled, holds up no other; its next time is set.

    Locks: a batch of payments while it is claimed, skipping what others hold; none
    during the calls; then as payment_settle, or the order and the payment.
    """
    answers = Answers()
    unavailable = 0
    for payment in _claimed(now or timezone.now()):
        if unavailable >= FAILURES_MAX:
            answers.failed += 1
            continue
        try:
            _ask(payment, answers)
        except Exception as error:
            unavailable += isinstance(error, WeChatUnavailable)
            answers.failed += 1
            if not isinstance(error, ShopError):
                logger.exception("payment %s could not be asked about", payment)
    return answers


def _claimed(now: datetime) -> Iterator[Payment]:
    """Yield the payments to ask about, claimed in committed batches, until all are.

    Each is claimed by setting its next time, so a run that dies loses but one turn.
    """
    while True:
        with transaction.atomic(durable=True):
            payments = due_payments_lock(now, BATCH_SIZE)
            for payment in payments:
                age = now - payment.created_at
                payment.next_query_at = now + min(
                    max(age, QUERY_AFTER), QUERY_EVERY_MAX
                )
            Payment.objects.bulk_update(payments, ["next_query_at"])
        yield from payments
        if not payments:
            return


def _ask(payment: Payment, answers: Answers) -> None:
    """Ask about one payment and do what follows.

    Raises: WeChatUnavailable, WeChatRefused, PaymentMismatch.
    """
    facts = pay.query(payment.out_trade_no)
    state = facts["trade_state"] if facts else "NOTPAY"
    if facts and state == "SUCCESS":
        payment_settle(facts=facts)
        answers.paid += 1
    elif state == "CLOSED":
        payment_mark_closed(payment=payment)
        answers.closed += 1
    else:
        if state != "NOTPAY":
            # REFUND or worse: a person must look; the expiry will say so again.
            logger.error("payment %s is %.20r at WeChat", payment, state)
        answers.unpaid += 1
