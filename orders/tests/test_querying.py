"""Payments of which WeChat has told nothing: it is asked, in a decaying rhythm."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from rest_framework.test import APIClient

from catalog.models import Product
from conftest import alone
from orders.models import Order, OrderEvent, Payment, PaymentNotice
from orders.services.payments import Answers, payment_settle, payments_query_due
from orders.tests.conftest import line, payment_facts, placed
from orders.tests.gate import Turnstile
from shop.devstack.simulator.process import SimulatorProcess
from shop.metrics import registry
from shop.tests.web_process import database_url
from shop.wechat import pay

pytestmark = pytest.mark.usefixtures("audited")


def started(api: APIClient, product: Product) -> Payment:
    """Place an order and start to pay it."""
    order_no = placed(api, line(product))["orderNo"]
    assert api.post(f"/api/orders/{order_no}/pay").status_code == 200
    return Payment.objects.latest("pk")


def after(payment: Payment, **wait: float) -> datetime:
    return payment.created_at + timedelta(**wait)


def next_query(payment: Payment) -> timedelta:
    """Return how long after its beginning a payment is asked about next."""
    payment.refresh_from_db()
    assert payment.next_query_at is not None
    return payment.next_query_at - payment.created_at


def all_due() -> datetime:
    return Payment.objects.latest("pk").created_at + timedelta(minutes=6)


def questions_lost() -> float:
    labels = {"route": "query", "outcome": "unavailable"}
    return registry.get_sample_value("shop_wechat_seconds_count", labels) or 0


def test_payment_whose_notification_never_came_is_found(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    simulator.fault("notify", "never")
    payment = started(wechat_api, tea)
    transaction_id = simulator.pay(payment.out_trade_no)
    # Begun with the attempt, a moment after its row.
    first = payment.next_query_at
    assert first is not None
    assert abs(first - after(payment, minutes=5)) < timedelta(seconds=5)
    assert payments_query_due(now=first - timedelta(milliseconds=1)) == Answers()
    assert Order.objects.get().status == "pending"

    assert payments_query_due(now=first) == Answers(paid=1)
    payment.refresh_from_db()
    order = Order.objects.get()
    assert (order.status, payment.state) == ("paid", "succeeded")
    assert payment.transaction_id == transaction_id
    assert payment.facts is not None
    assert payment.facts["trade_state"] == "SUCCESS"
    assert Product.objects.get().sales == 1
    assert not PaymentNotice.objects.exists()
    assert payments_query_due(now=after(payment, days=1)) == Answers()


def test_late_notification_after_the_query_changes_nothing(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    simulator.fault("notify", "never")
    payment = started(wechat_api, tea)
    simulator.pay(payment.out_trade_no)
    payments_query_due(now=all_due())
    assert simulator.notify(payment.out_trade_no) == 204
    assert PaymentNotice.objects.get().settled_at is not None
    moves = OrderEvent.objects.values_list("to_status", flat=True)
    assert list(moves) == ["pending", "paid"]
    assert Product.objects.get().sales == 1


def test_rhythm_doubles_up_to_an_hour(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    payment = started(wechat_api, tea)
    first = after(payment, minutes=5)
    Payment.objects.update(next_query_at=first)
    rhythm = [timedelta(minutes=5)]
    for _ in range(6):
        due = payment.created_at + rhythm[-1]
        early = due - timedelta(milliseconds=1)
        assert payments_query_due(now=early) == Answers()
        assert payments_query_due(now=due) == Answers(unpaid=1)
        rhythm.append(next_query(payment))
    minutes = [wait / timedelta(minutes=1) for wait in rhythm]
    assert minutes == [5, 10, 20, 40, 80, 140, 200]
    assert Order.objects.get().status == "pending"


def test_attempt_of_an_older_version_has_no_time_and_is_asked_about(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    payment = started(wechat_api, tea)
    Payment.objects.update(next_query_at=None)
    assert payments_query_due(now=after(payment, seconds=1)) == Answers(unpaid=1)
    assert next_query(payment) == timedelta(minutes=5, seconds=1)


def test_attempt_that_wechat_has_closed_makes_room_for_another(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    payment = started(wechat_api, tea)
    assert pay.close(payment.out_trade_no)
    assert payments_query_due(now=all_due()) == Answers(closed=1)
    payment.refresh_from_db()
    order = Order.objects.get()
    assert (payment.state, order.status, order.is_closing) == (
        "closed",
        "pending",
        False,
    )
    response = wechat_api.post(f"/api/orders/{order.order_no}/pay")
    assert response.status_code == 200
    assert Payment.objects.open().get().out_trade_no.endswith("P002")


def test_attempt_that_wechat_has_never_heard_of_is_unpaid(
    simulator: SimulatorProcess, shopper_api: APIClient, tea: Product
) -> None:
    placed(shopper_api, line(tea))
    order = Order.objects.get()
    payment = Payment.objects.create(
        order=order,
        out_trade_no=f"{order.order_no}P001",
        amount=order.total_amount,
        expires_at=order.expires_at,
    )
    assert payments_query_due(now=all_due()) == Answers(unpaid=1)
    payment.refresh_from_db()
    assert payment.state == "open"


def test_wechat_away_costs_three_questions_and_each_payment_one_turn(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    product_make: Any,
) -> None:
    tea = product_make(stock=10)
    payments = [started(wechat_api, tea) for _ in range(5)]
    now = all_due()
    simulator.fault("query", "reset", times=50)
    before = questions_lost()
    assert payments_query_due(now=now) == Answers(failed=5)
    assert questions_lost() - before == 3
    assert all(next_query(payment) >= timedelta(minutes=10) for payment in payments)
    simulator.clear_faults()
    assert payments_query_due(now=now) == Answers()
    later = now + timedelta(minutes=7)
    assert payments_query_due(now=later) == Answers(unpaid=5)


def test_payment_that_can_not_be_booked_holds_up_no_other(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    simulator.fault("notify", "never", times=2)
    wrong, right = (started(wechat_api, tea) for _ in range(2))
    for payment in (wrong, right):
        simulator.pay(payment.out_trade_no)
    Payment.objects.filter(pk=wrong.pk).update(amount="98.00")
    assert payments_query_due(now=all_due()) == Answers(paid=1, failed=1)
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert (wrong.state, right.state) == ("open", "succeeded")
    assert next_query(wrong) >= timedelta(minutes=10)
    Payment.objects.filter(pk=wrong.pk).update(amount="99.00")
    assert payments_query_due(now=after(wrong, hours=2)) == Answers(paid=1)


def test_what_another_run_has_claimed_is_skipped(
    transactional_db: None,
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    tea: Product,
) -> None:
    payment = started(wechat_api, tea)
    now = all_due()
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT id FROM orders_payment FOR UPDATE")
        assert payments_query_due(now=now) == Answers()
    assert payments_query_due(now=now) == Answers(unpaid=1)
    assert payments_query_due(now=now) == Answers()
    assert Payment.objects.get(pk=payment.pk).state == "open"


def test_no_transaction_is_open_while_wechat_thinks(
    transactional_db: None,
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    tea: Product,
    settings: Any,
) -> None:
    started(wechat_api, tea)
    now = all_due()
    turnstile = Turnstile(simulator.base_url)
    settings.WECHAT_PAY_BASE = turnstile.url
    turnstile.stop("before", "query")
    try:
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(alone(lambda: payments_query_due(now=now)))
            turnstile.wait()
            seen = open_transactions()
            turnstile.open()
    finally:
        turnstile.end()
    assert asking.result() == Answers(unpaid=1)
    assert seen == set()


def open_transactions() -> set[int]:
    """Return the other sessions that wait inside of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%'"
        )
        return {pid for (pid,) in cursor.fetchall()}


def test_paid_and_closed_attempts_are_never_asked_about(
    shopper_api: APIClient, tea: Product, settings: Any
) -> None:
    # Nothing listens there.
    settings.WECHAT_PAY_BASE = "http://127.0.0.1:9"
    for number in range(2):
        placed(shopper_api, line(tea))
        order = Order.objects.latest("pk")
        payment = Payment.objects.create(
            order=order,
            out_trade_no=f"{order.order_no}P001",
            amount=order.total_amount,
            expires_at=order.expires_at,
            state="closed" if number else "open",
        )
        if not number:
            payment_settle(facts=payment_facts(payment))
    assert payments_query_due(now=all_due()) == Answers()


def test_what_is_due_is_found_by_its_index(db: None) -> None:
    rows = Payment.objects.to_query(datetime.fromisoformat("2026-11-26T08:00+08:00"))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "payment_to_query" in rows.explain()
