"""Notifications that wait are tried again, and settled ones forgotten."""

from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order, Payment, PaymentNotice
from orders.services.notices import (
    GIVEN_UP_AFTER,
    Outcome,
    notices_delete_old,
    notices_settle_due,
)
from orders.tests.conftest import line, placed
from orders.tests.notices.telling import (
    GIVEN_UP,
    REFUSED,
    SETTLED,
    WAITING,
    is_paid_once,
    replay,
    state,
    stored,
)
from shop.tests.web_process import database_url

pytestmark = pytest.mark.usefixtures("audited")


def tries(notice: PaymentNotice) -> list[float]:
    """Let every try fail; return how many minutes after its coming each was."""
    found = []
    notice.refresh_from_db()
    while notice.due_at is not None:
        due: datetime = notice.due_at
        found.append((due - notice.received_at) / timedelta(minutes=1))
        assert notices_settle_due(now=due - timedelta(milliseconds=1)) == {}
        assert notices_settle_due(now=due) == {Outcome.FAILED: 1}
        notice.refresh_from_db()
    return found


def test_failing_notice_is_tried_ever_less_often_and_given_up_loudly(
    transactional_db: None, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    notice = stored(payment)
    with psycopg.connect(database_url()) as holder, connection.cursor() as cursor:
        holder.execute("SELECT id FROM orders_order FOR UPDATE")
        cursor.execute("SET lock_timeout = '1ms'")
        try:
            minutes = tries(notice)
        finally:
            cursor.execute("RESET lock_timeout")
    hours = [64 + 60 * hour for hour in range(1, 24)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, *hours]
    assert hours[-1] >= GIVEN_UP_AFTER / timedelta(minutes=1)
    assert f"notice EV-1 ({notice}) is given up" in caplog.text
    assert state(notice) == GIVEN_UP
    assert notice.is_given_up
    assert replay() == "settled 1, settled before 0, refused 0, failed 0\n"
    assert is_paid_once()


def test_one_that_fails_holds_up_no_other(
    transactional_db: None, payment: Payment, shopper_api: APIClient, tea: Product
) -> None:
    held = stored(payment)
    placed(shopper_api, line(tea))
    order = Order.objects.latest("pk")
    free = Payment.objects.create(
        order=order,
        out_trade_no=f"{order.order_no}P001",
        amount=order.total_amount,
        expires_at=order.expires_at,
    )
    wrong = stored(payment, "EV-2", mchid="1")
    right = stored(free, "EV-3")
    later = timezone.now() + timedelta(hours=1)
    with psycopg.connect(database_url()) as holder, connection.cursor() as cursor:
        holder.execute(
            "SELECT id FROM orders_order WHERE id = %s FOR UPDATE", [payment.order_id]
        )
        cursor.execute("SET lock_timeout = '1ms'")
        try:
            outcomes = notices_settle_due(now=later)
        finally:
            cursor.execute("RESET lock_timeout")
    assert outcomes == {Outcome.FAILED: 2, Outcome.SETTLED: 1}
    assert [state(one) for one in (held, wrong, right)] == [WAITING, WAITING, SETTLED]
    assert notices_settle_due(now=later + timedelta(hours=1)) == {
        Outcome.SETTLED: 1,
        Outcome.REFUSED: 1,
    }
    assert state(wrong) == REFUSED


def test_what_another_run_has_claimed_is_skipped(
    transactional_db: None, payment: Payment
) -> None:
    notice = stored(payment)
    later = timezone.now() + timedelta(minutes=1)
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT id FROM orders_paymentnotice FOR UPDATE")
        assert notices_settle_due(now=later) == {}
    assert state(notice) == WAITING
    assert notices_settle_due(now=later) == {Outcome.SETTLED: 1}


def test_what_was_settled_half_a_year_ago_is_deleted(payment: Payment) -> None:
    """What was not settled stays, however old: somebody has to look at it."""
    now = timezone.now()
    for number, (received, settled) in enumerate(
        [(181, 181), (179, 179), (181, None), (400, 400), (400, 179)]
    ):
        notice = stored(payment, f"EV-{number}")
        PaymentNotice.objects.filter(pk=notice.pk).update(
            received_at=now - timedelta(days=received),
            settled_at=settled and now - timedelta(days=settled),
            due_at=None,
        )
    assert notices_delete_old(now=now) == 2
    left = PaymentNotice.objects.order_by("pk").values_list("notice_id", flat=True)
    assert list(left) == ["EV-1", "EV-2", "EV-4"]
    assert notices_delete_old(now=now) == 0


def test_settled_and_due_at_once_is_refused_by_the_table(payment: Payment) -> None:
    stored(payment)
    with pytest.raises(DatabaseError), transaction.atomic():
        PaymentNotice.objects.update(settled_at=timezone.now())
