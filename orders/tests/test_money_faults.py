"""WeChat's answers are lost or wrong, its refunds fail: one charge and one refund."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import soon_given_up
from orders.models import Order, Payment, PaymentAnomaly, Refund
from orders.services.closing import Sweep, orders_expire
from orders.services.refunds import refund_retry, refunds_follow
from orders.tests.books import BothBooks
from orders.tests.closing.ending import cancel, expire_all, started
from orders.tests.conftest import line, placed, stock_of, work
from orders.tests.gate import Turnstile
from orders.tests.test_jobs import WORKER, run_worker
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.web_process import database_url

pytestmark = pytest.mark.usefixtures("audited", "queue", "shop_server")

KINDS = ["drop_reply", "half_json", "500", "html", "reset", "slow"]
# Longer than the shop waits for an answer.
SLOW_SECONDS = 8


@pytest.fixture
def wechat(simulator: SimulatorProcess) -> Iterator[SimulatorProcess]:
    """A WeChat that ends a refund when the test says so."""
    simulator.hold_refunds()
    yield simulator
    simulator.clear_faults()
    simulator.hold_refunds(hold=False)


@pytest.fixture
def cancelled(wechat: SimulatorProcess, wechat_api: APIClient, tea: Product) -> Refund:
    """A paid order of three pieces that its shopper has cancelled: what goes back."""
    order_no, out_trade_no = started(wechat_api, tea, 3)
    wechat.pay(out_trade_no)
    assert cancel(wechat_api, order_no).json()["data"]["closing"] is True
    assert stock_of(tea) == 7
    return Refund.objects.get()


def again(refund: Refund) -> Refund:
    return Refund.objects.get(pk=refund.pk)


def state_of(refund: Refund) -> tuple[str, str]:
    now = again(refund)
    return now.state, now.wechat_error


def attempts_there(wechat: SimulatorProcess, refund: Refund) -> list[tuple[str, str]]:
    """Return what WeChat has entered of a refund: numbers and states."""
    return [
        (one["outRefundNo"].removeprefix(refund.refund_no), one["status"])
        for one in wechat.state()["refunds"]
        if one["outRefundNo"].startswith(refund.refund_no)
    ]


def noted(refund: Refund) -> PaymentAnomaly:
    """Return the one thing that staff are told of a refund."""
    return PaymentAnomaly.objects.get(refund=refund)


def left(tea: Product) -> tuple[str, int, int]:
    tea.refresh_from_db()
    return Order.objects.get().status, stock_of(tea), tea.sales


def follow() -> None:
    """Let the minute's run ask, as if its time had come."""
    Refund.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    refunds_follow()


@pytest.mark.parametrize("kind", KINDS)
def test_one_charge_when_the_answer_to_prepay_is_bad(
    wechat_api: APIClient,
    wechat: SimulatorProcess,
    both_books: BothBooks,
    tea: Product,
    kind: str,
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    wechat.fault("prepay", kind, 1, seconds=SLOW_SECONDS)
    url = f"/api/orders/{order_no}/pay"
    with soon_given_up():
        assert wechat_api.post(url).status_code == 503
    number = Payment.objects.get().out_trade_no
    assert both_books.differences() == []
    assert wechat_api.post(url).status_code == 200
    wechat.pay(Payment.objects.get().out_trade_no)
    payment = Payment.objects.get()
    assert (payment.out_trade_no, payment.state) == (number, "succeeded")
    assert left(tea) == ("paid", 9, 1)
    assert both_books.differences() == []


@pytest.mark.parametrize("route", ["query", "close"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "half_json"])
def test_pieces_are_free_once_when_the_answer_to_a_close_is_bad(
    wechat_api: APIClient,
    wechat: SimulatorProcess,
    both_books: BothBooks,
    tea: Product,
    route: str,
    kind: str,
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    wechat.fault(route, kind, 1, seconds=SLOW_SECONDS)
    with soon_given_up():
        assert cancel(wechat_api, order_no).json()["data"]["closing"] is True
    assert left(tea) == ("pending", 9, 0)
    expire_all()
    assert orders_expire() == Sweep(cancelled=1)
    assert wechat.payment(out_trade_no)["tradeState"] == "CLOSED"
    assert left(tea) == ("cancelled", 10, 0)
    assert both_books.differences() == []


@pytest.mark.parametrize("kind", KINDS)
def test_one_refund_when_the_answer_to_it_is_bad(
    wechat: SimulatorProcess,
    both_books: BothBooks,
    cancelled: Refund,
    tea: Product,
    kind: str,
) -> None:
    wechat.fault("refund", kind, 1, seconds=SLOW_SECONDS)
    with soon_given_up():
        work()
    assert state_of(cancelled) == ("approved", "")
    assert left(tea) == ("paid", 7, 3)
    work()
    assert attempts_there(wechat, cancelled) == [("T01", "PROCESSING")]
    assert state_of(cancelled) == ("processing", "")
    assert left(tea) == ("cancelled", 10, 0)
    assert wechat.refund_decide(cancelled.out_refund_no, "SUCCESS") == 204
    assert state_of(cancelled) == ("succeeded", "")
    assert left(tea) == ("cancelled", 10, 0)
    assert not ProcrastinateJob.objects.filter(status="todo").exists()
    assert both_books.differences() == []


@pytest.mark.parametrize("kind", ["never", "drop_reply", "duplicate", "half_json"])
def test_refund_ends_once_however_its_notification_comes(
    wechat: SimulatorProcess,
    both_books: BothBooks,
    cancelled: Refund,
    tea: Product,
    kind: str,
) -> None:
    work()
    wechat.fault("notify", kind, 1)
    wechat.refund_decide(cancelled.out_refund_no, "SUCCESS")
    follow()
    assert state_of(cancelled) == ("succeeded", "")
    assert wechat.notify_refund(cancelled.out_refund_no) == 204
    assert again(cancelled).events.count() == 3
    assert left(tea) == ("cancelled", 10, 0)
    assert both_books.differences() == []


def test_worker_killed_between_refund_and_booking(
    wechat: SimulatorProcess,
    turnstile: Turnstile,
    both_books: BothBooks,
    cancelled: Refund,
    tea: Product,
    settings: Any,
) -> None:
    """WeChat has the refund, we have not heard of it; the next worker asks again."""
    environment = {
        "DATABASE_URL": database_url(),
        "WECHAT_PAY_BASE": turnstile.url,
        "PUBLIC_URL": settings.PUBLIC_URL,
    }
    turnstile.stop("after", "refund")
    worker = subprocess.Popen(WORKER, env={**os.environ, **environment})
    try:
        turnstile.wait()
    finally:
        worker.kill()
        worker.wait()
        turnstile.open()
    assert state_of(cancelled) == ("approved", "")
    assert attempts_there(wechat, cancelled) == [("T01", "PROCESSING")]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = '2026-01-01'")
    # The killed one may have queued it by the clock.
    with contextlib.suppress(AlreadyEnqueued):
        app.tasks["shop.jobs.jobs_rescue"].defer(timestamp=0)
    run_worker(**environment)
    assert state_of(cancelled) == ("processing", "")
    wechat.refund_decide(cancelled.out_refund_no, "SUCCESS")
    assert attempts_there(wechat, cancelled) == [("T01", "SUCCESS")]
    assert left(tea) == ("cancelled", 10, 0)
    assert both_books.differences() == []


def test_job_that_was_lost_is_made_up_for(
    wechat: SimulatorProcess, both_books: BothBooks, cancelled: Refund, tea: Product
) -> None:
    """The refund itself says when it is to be sent."""
    ProcrastinateJob.objects.filter(status="todo").delete()
    soon = timezone.now() + timedelta(minutes=9)
    refunds_follow(now=soon)
    assert state_of(cancelled) == ("approved", "")
    refunds_follow(now=soon + timedelta(minutes=2))
    assert state_of(cancelled) == ("processing", "")
    assert left(tea) == ("cancelled", 10, 0)
    assert both_books.differences() == []


def test_empty_balance_is_waited_for(
    wechat: SimulatorProcess, both_books: BothBooks, cancelled: Refund, tea: Product
) -> None:
    wechat.refuse_refunds("NOT_ENOUGH", times=2)
    for times in (1, 2):
        work()
        assert state_of(cancelled) == ("approved", "")
        anomaly = noted(cancelled)
        assert (anomaly.kind, anomaly.times) == ("refund_failed", times)
        assert anomaly.done == "系统会继续重试,请为商户号充值"
    assert left(tea) == ("paid", 7, 3)
    assert attempts_there(wechat, cancelled) == []
    work()
    assert attempts_there(wechat, cancelled) == [("T01", "PROCESSING")]
    assert left(tea) == ("cancelled", 10, 0)
    assert both_books.differences() == []


def test_refusal_waits_for_staff_and_keeps_its_number(
    wechat: SimulatorProcess,
    both_books: BothBooks,
    cancelled: Refund,
    tea: Product,
    staff: User,
) -> None:
    wechat.refuse_refunds("USER_ACCOUNT_ABNORMAL")
    work()
    assert state_of(cancelled) == ("failed", "USER_ACCOUNT_ABNORMAL")
    assert noted(cancelled).kind == "refund_failed"
    order = Order.objects.get()
    assert (left(tea), order.is_closing) == (("paid", 7, 3), True)
    assert both_books.differences() == []
    work()
    follow()
    assert attempts_there(wechat, cancelled) == []

    refund_retry(refund_id=cancelled.pk, operator_id=staff.pk)
    work()
    assert attempts_there(wechat, cancelled) == [("T01", "PROCESSING")]
    assert left(tea) == ("cancelled", 10, 0)
    assert both_books.differences() == []


def test_closed_refund_is_retried_under_a_new_number(
    wechat: SimulatorProcess,
    both_books: BothBooks,
    cancelled: Refund,
    tea: Product,
    staff: User,
) -> None:
    work()
    first = cancelled.out_refund_no
    wechat.refund_decide(first, "CLOSED")
    assert state_of(cancelled) == ("failed", "CLOSED")
    assert left(tea) == ("cancelled", 10, 0)
    assert both_books.differences() == []

    refund_retry(refund_id=cancelled.pk, operator_id=staff.pk)
    # WeChat tells of the old one once more, at the wrong moment.
    assert wechat.notify_refund(first) == 204
    assert state_of(cancelled) == ("approved", "")
    work()
    wechat.refund_decide(again(cancelled).out_refund_no, "SUCCESS")
    assert wechat.notify_refund(first) == 204
    assert state_of(cancelled) == ("succeeded", "")
    assert attempts_there(wechat, cancelled) == [("T01", "CLOSED"), ("T02", "SUCCESS")]
    # Pieces and sales have followed once.
    assert left(tea) == ("cancelled", 10, 0)
    assert noted(cancelled).times == 1
    assert both_books.differences() == []


@pytest.mark.parametrize("is_told", [True, False])
def test_abnormal_refund_is_ended_by_hand(
    wechat: SimulatorProcess,
    both_books: BothBooks,
    cancelled: Refund,
    tea: Product,
    is_told: bool,
) -> None:
    work()
    wechat.refund_decide(cancelled.out_refund_no, "ABNORMAL")
    assert state_of(cancelled) == ("failed", "ABNORMAL")
    assert noted(cancelled).done == (
        "请到微信商户平台处理这笔异常退款,系统会自动查询结果"
    )
    assert both_books.differences() == []
    if not is_told:
        wechat.fault("notify", "never")
    wechat.refund_decide(cancelled.out_refund_no, "SUCCESS")
    if not is_told:
        follow()
    assert state_of(cancelled) == ("succeeded", "")
    assert left(tea) == ("cancelled", 10, 0)
    assert both_books.differences() == []
