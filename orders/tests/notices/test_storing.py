"""WeChat's notifications: stored first, settled then."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.errors import PaymentMismatch
from orders.locks import order_lock
from orders.models import Order, Payment, PaymentNotice, Refund
from orders.services.notices import (
    UNKNOWN_EVENT,
    Outcome,
    notice_take,
    notices_settle_due,
)
from orders.services.refunds import refund_for_cancel
from orders.tests.conftest import line, paid_order, payment_facts, placed
from orders.tests.notices.telling import (
    REFUSED,
    SETTLED,
    WAITING,
    is_paid_once,
    replay,
    sent,
    state,
    told,
)
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.web_process import WebProcess, database_url
from shop.wechat.errors import NotificationRefused

pytestmark = pytest.mark.usefixtures("audited")


def test_each_notification_is_kept_as_wechat_told_it(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/pay")
    before = timezone.now()
    payment = Payment.objects.get()
    simulator.pay(payment.out_trade_no)
    notice = PaymentNotice.objects.get()
    payment.refresh_from_db()
    assert payment.state == "succeeded"
    assert notice.facts == payment.facts
    assert notice.facts["payer"]["openid"]
    assert (notice.event_type, notice.number) == (
        "TRANSACTION.SUCCESS",
        payment.out_trade_no,
    )
    assert notice.settled_at is not None
    assert before < notice.received_at < notice.settled_at
    assert state(notice) == SETTLED

    assert simulator.notify(payment.out_trade_no) == 204
    again = PaymentNotice.objects.get()
    assert (again.received_at, again.settled_at) == (
        notice.received_at,
        notice.settled_at,
    )
    assert is_paid_once()


def test_it_is_committed_before_anything_is_done_about_it(
    transactional_db: None, patient_database: None, payment: Payment
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            list(Order.objects.select_for_update())
            taking = pool.submit(alone(lambda: notice_take(notification=told(payment))))
            wait_until(lambda: lock_waiters() == 1)
            notice = PaymentNotice.objects.get()
            assert state(notice) == WAITING
            assert Order.objects.get().status == "pending"
        taking.result()
    assert state(notice) == SETTLED
    assert is_paid_once()


def test_process_killed_in_between_loses_nothing(
    transactional_db: None, payment: Payment, tmp_path: Path
) -> None:
    body, headers = sent(payment_facts(payment))
    patience = {"DATABASE_LOCK_TIMEOUT_SECONDS": "60"}
    with WebProcess(tmp_path, **patience) as node, ThreadPoolExecutor(1) as pool:
        url = f"http://{node.address}/api/payments/wechat/notify"
        with psycopg.connect(database_url()) as holder:
            holder.execute("SELECT id FROM orders_order FOR UPDATE")
            pool.submit(
                node.http.post,
                url,
                data=body,
                headers={**headers, "Content-Type": "application/json"},
                timeout=60,
            )
            wait_until(lambda: lock_waiters() == 1)
            for pid in node.workers():
                os.kill(pid, 9)
            node.process.kill()
            node.process.wait()
    # WeChat may still tell of what an earlier test has refunded.
    notice = PaymentNotice.objects.get(number=payment.out_trade_no)
    assert state(notice) == WAITING
    assert Order.objects.get().status == "pending"
    wait_until(lambda: notices_settle_due(now=notice.due_at)[Outcome.SETTLED] == 1)
    assert state(notice) == SETTLED
    assert is_paid_once()


def test_busy_database_fails_the_notification_and_a_job_settles_it(
    transactional_db: None,
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    shop_server: Any,
    tea: Product,
    monkeypatch: Any,
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/pay")
    payment = Payment.objects.get()
    options = connection.settings_dict["OPTIONS"]
    impatient = f"{options['options']} -c lock_timeout=100ms"
    monkeypatch.setitem(options, "options", impatient)
    with psycopg.connect(database_url()) as holder:
        holder.execute("SELECT id FROM orders_order FOR UPDATE")
        simulator.fault("notify", "never")
        simulator.pay(payment.out_trade_no)
        assert simulator.notify(payment.out_trade_no) == 503
        notice = PaymentNotice.objects.get()
        assert state(notice) == WAITING
    early = notice.received_at + timedelta(seconds=59)
    assert notices_settle_due(now=early) == {}
    due = notice.received_at + timedelta(minutes=1)
    assert notices_settle_due(now=due) == {Outcome.SETTLED: 1}
    assert state(notice) == SETTLED
    assert is_paid_once()
    assert notices_settle_due(now=due + timedelta(days=1)) == {}


def test_refusal_is_kept_and_not_tried_again(payment: Payment) -> None:
    wrong = {"amount": {"total": 1, "currency": "CNY"}}
    with pytest.raises(PaymentMismatch):
        notice_take(notification=told(payment, **wrong))
    notice = PaymentNotice.objects.get()
    assert state(notice) == REFUSED
    assert notice.facts["amount"]["total"] == 1
    assert Order.objects.get().status == "pending"
    assert notices_settle_due(now=timezone.now() + timedelta(days=1)) == {}


def test_settled_stays_settled_whatever_comes_under_its_id(payment: Payment) -> None:
    notice_take(notification=told(payment))
    with pytest.raises(PaymentMismatch):
        notice_take(notification=told(payment, mchid="1"))
    notice = PaymentNotice.objects.get()
    assert state(notice) == SETTLED
    assert notice.facts == payment_facts(payment)


def test_unknown_event_is_kept_and_nothing_is_done(payment: Payment) -> None:
    notice_take(notification={**told(payment), "event_type": "TRANSACTION.OTHER"})
    assert state(PaymentNotice.objects.get()) == (False, UNKNOWN_EVENT, False)
    assert replay("--all") == "settled 0, settled before 0, refused 0, failed 0\n"
    assert Order.objects.get().status == "pending"


@pytest.mark.parametrize(
    "change",
    [{"id": None}, {"id": ""}, {"id": "a\0"}, {"id": "x" * 65}, {"event_type": "a\0"}],
)
def test_what_can_not_be_stored_is_refused(
    payment: Payment, change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotificationRefused):
        notice_take(notification={**told(payment), **change})
    assert not PaymentNotice.objects.exists()
    assert Order.objects.get().status == "pending"
    assert "can't be stored" in caplog.text


def test_refund_notification_is_settled_by_its_own_route(
    shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea))
    with transaction.atomic():
        refund_for_cancel(
            order=order_lock(order.pk), operator_id=order.user_id, reason="不想要了"
        )
    refund = Refund.objects.get()
    payment = Payment.objects.get()
    facts = {
        "mchid": settings.WECHAT_MCHID,
        "out_trade_no": payment.out_trade_no,
        "transaction_id": payment.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": "50000000382019052709732678859",
        "refund_status": "SUCCESS",
        "success_time": "2026-11-26T12:00:00+08:00",
        "user_received_account": "招商银行信用卡0403",
        "amount": {
            "total": 9900,
            "refund": 9900,
            "payer_total": 9900,
            "payer_refund": 9900,
        },
    }
    body, headers = sent(facts, event_type="REFUND.SUCCESS")
    for _ in range(2):
        response = APIClient().post(
            "/api/payments/wechat/refund-notify",
            body,
            content_type="application/json",
            headers=headers,
        )
        assert response.status_code == 204
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    notice = PaymentNotice.objects.get()
    assert (notice.number, notice.facts) == (refund.out_refund_no, facts)
    assert state(notice) == SETTLED
