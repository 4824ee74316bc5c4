"""Refunds that are due: WeChat is asked in a rhythm, and one holds up no other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone
from orders.locks import order_lock
from orders.models import Order, Refund
from orders.services.refunds import (
    refund_by_staff,
    refund_send,
    refund_settle,
    refunds_follow,
)
from orders.services.refunds.sending import Follow
from orders.tests.conftest import line, paid_order, refund_facts
from shop.devstack.simulator.process import SimulatorProcess
from shop.metrics import registry
from shop.tests.web_process import database_url

pytestmark = pytest.mark.usefixtures("audited")

MINUTE = timedelta(minutes=1)


def given_back(order: Order, staff: User) -> Refund:
    return refund_by_staff(order_id=order.pk, operator_id=staff.pk, reason="缺货")


def sent(order: Order, staff: User) -> Refund:
    """Give an order's money back; WeChat has taken it and not paid it yet."""
    refund = given_back(order, staff)
    refund_send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.state == "processing"
    return refund


def next_look(refund: Refund) -> timedelta:
    """Return how long after WeChat has taken it a refund is asked about next."""
    refund.refresh_from_db()
    assert refund.due_at is not None
    assert refund.accepted_at is not None
    return refund.due_at - refund.accepted_at


def questions_lost() -> float:
    labels = {"route": "refund_query", "outcome": "unavailable"}
    return registry.get_sample_value("shop_wechat_seconds_count", labels) or 0


def test_rhythm_is_a_minute_and_then_doubles_up_to_six_hours(
    buy: Callable[[], Order], staff: User
) -> None:
    refund = sent(buy(), staff)
    assert refund.accepted_at is not None
    rhythm = [next_look(refund)]
    for _ in range(12):
        due = refund.accepted_at + rhythm[-1]
        assert refunds_follow(now=due - timedelta(milliseconds=1)) == Follow()
        assert refunds_follow(now=due) == Follow(waiting=1)
        rhythm.append(next_look(refund))
    minutes = [wait / MINUTE for wait in rhythm]
    assert minutes == [1, 2, 3, 4, 5, 6, 12, 24, 48, 96, 192, 384, 744]
    assert refund.state == "processing"


def test_an_abnormal_one_is_asked_about_after_six_hours(
    shopper_api: APIClient, staff: User, tea: Product
) -> None:
    refund = given_back(paid_order(shopper_api, line(tea)), staff)
    refund_settle(facts=refund_facts(refund, "ABNORMAL"))
    assert next_look(refund) == 360 * MINUTE
    refund_settle(facts=refund_facts(refund, "SUCCESS"))
    refund.refresh_from_db()
    assert (refund.state, refund.due_at) == ("succeeded", None)


def test_wechat_away_costs_three_questions_and_each_refund_one_turn(
    buy: Callable[[], Order], wechat: SimulatorProcess, staff: User
) -> None:
    refunds = [sent(buy(), staff) for _ in range(5)]
    now = max(refund.due_at for refund in refunds if refund.due_at)
    wechat.fault("query", "reset", times=50)
    before = questions_lost()
    assert refunds_follow(now=now) == Follow(waiting=5)
    assert questions_lost() - before == 3
    wechat.clear_faults()
    assert refunds_follow(now=now) == Follow()
    assert refunds_follow(now=now + MINUTE) == Follow(waiting=5)


def test_one_whose_order_is_locked_holds_up_no_other(
    transactional_db: None,
    buy: Callable[[], Order],
    wechat: SimulatorProcess,
    staff: User,
) -> None:
    locked, free = (sent(buy(), staff) for _ in range(2))
    wechat.fault("notify", "never", times=2)
    for refund in (locked, free):
        wechat.refund_decide(refund.out_refund_no, "SUCCESS")
    now = free.due_at
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        order_lock(locked.order_id)
        follow = pool.submit(alone(lambda: refunds_follow(now=now))).result()
    assert follow == Follow(ended=1, waiting=1)
    states = Refund.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["processing", "succeeded"]
    assert refunds_follow(now=locked.due_at) == Follow()
    assert refunds_follow(now=now + MINUTE) == Follow(ended=1)


def test_what_another_run_has_claimed_is_skipped(
    transactional_db: None, shopper_api: APIClient, staff: User, tea: Product
) -> None:
    refund = given_back(paid_order(shopper_api, line(tea)), staff)
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT id FROM orders_refund FOR UPDATE")
        assert refunds_follow(now=refund.due_at) == Follow()
