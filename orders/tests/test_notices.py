"""WeChat's notifications: stored first, settled then, and settled again at will."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.errors import PaymentMismatch
from orders.locks import order_lock
from orders.models import Order, OrderEvent, Payment, PaymentNotice, Refund
from orders.services import notices
from orders.services.notices import (
    GIVEN_UP_AFTER,
    UNKNOWN_EVENT,
    Outcome,
    notice_take,
    notices_delete_old,
    notices_settle_due,
)
from orders.services.refunds import refund_for_cancel
from orders.tests.conftest import line, paid_order, payment_facts, placed
from orders.tests.test_notifications import sealed, signed
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.web_process import WebProcess, database_url
from shop.wechat.errors import NotificationRefused

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def payment(shopper_api: APIClient, tea: Product) -> Payment:
    """Begin to pay an order, without asking WeChat."""
    placed(shopper_api, line(tea))
    order = Order.objects.get()
    return Payment.objects.create(
        order=order,
        out_trade_no=f"{order.order_no}P001",
        amount=order.total_amount,
        expires_at=order.expires_at,
    )


def told(payment: Payment, id: str = "EV-1", **facts: Any) -> dict[str, Any]:
    """Return a verified notification of a payment."""
    return {
        "id": id,
        "event_type": "TRANSACTION.SUCCESS",
        "resource": {**payment_facts(payment), **facts},
    }


def stored(payment: Payment, id: str = "EV-1", **facts: Any) -> PaymentNotice:
    """Store a notification, as a process does that dies before it goes on."""
    notices._store(told(payment, id, **facts))
    return PaymentNotice.objects.get(notice_id=id)


def sent(facts: Any, **outer: Any) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a notification, sealed and signed by WeChat."""
    path = Path(os.environ["SHOP_TEST_SERVERS"]) / "wechat.json"
    world = json.loads(path.read_text())
    key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
    body = sealed(facts, world["apiV3Key"], **outer)
    return body, signed(body, key, world["platformPublicKeyId"])


def state(notice: PaymentNotice) -> tuple[bool, str, bool]:
    """Return whether it is settled, why not, and whether it is tried again."""
    notice.refresh_from_db()
    return notice.settled_at is not None, notice.refusal, notice.due_at is not None


SETTLED = (True, "", False)
WAITING = (False, "", True)
REFUSED = (False, "payment_mismatch", False)
GIVEN_UP = (False, "", False)


def replay(*options: str) -> str:
    out = StringIO()
    call_command("payments_replay", *options, stdout=out)
    return out.getvalue()


def is_paid_once() -> bool:
    moves = OrderEvent.objects.values_list("to_status", flat=True)
    return list(moves) == ["pending", "paid"] and Product.objects.get().sales == 1


# --- stored, then settled ----------------------------------------------------------


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


# --- settled again -----------------------------------------------------------------


def test_replay_settles_what_is_not_settled_and_harms_nothing(
    payment: Payment,
) -> None:
    notice = stored(payment)
    assert replay() == "settled 1, settled before 0, refused 0, failed 0\n"
    assert state(notice) == SETTLED
    settled_at = notice.settled_at
    assert replay() == "settled 0, settled before 0, refused 0, failed 0\n"
    for _ in range(2):
        assert replay("--all") == "settled 0, settled before 1, refused 0, failed 0\n"
    assert is_paid_once()
    notice.refresh_from_db()
    assert notice.settled_at == settled_at


def test_replay_tells_of_refusals_by_its_exit_code(payment: Payment) -> None:
    stored(payment, "EV-0", mchid="1")
    stored(payment)
    out = StringIO()
    with pytest.raises(CommandError, match="^1 not settled"):
        call_command("payments_replay", stdout=out)
    assert out.getvalue() == "settled 1, settled before 0, refused 1, failed 0\n"
    # It can be right later, when what was wrong with us is mended.
    with pytest.raises(CommandError, match="^1 not settled"):
        replay()
    assert is_paid_once()


def test_replay_of_one_number_or_since_a_moment(payment: Payment) -> None:
    old, new = stored(payment, "EV-0"), stored(payment)
    hour = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    PaymentNotice.objects.filter(pk=old.pk).update(
        received_at=hour - timedelta(hours=1)
    )
    PaymentNotice.objects.filter(pk=new.pk).update(received_at=hour)
    since = f"{hour:%Y-%m-%dT%H:%M}"
    assert replay("--since", since) == (
        "settled 1, settled before 0, refused 0, failed 0\n"
    )
    assert (state(old), state(new)) == (WAITING, SETTLED)
    later = (hour + timedelta(seconds=1)).isoformat()
    for options in (("--since", later), ("--number", "P1")):
        assert replay(*options) == "settled 0, settled before 0, refused 0, failed 0\n"
    assert replay("--number", payment.out_trade_no) == (
        "settled 1, settled before 1, refused 0, failed 0\n"
    )
    assert is_paid_once()


@pytest.mark.parametrize(
    "options",
    [
        ("--since", "yesterday"),
        ("--since", "2026-02-30T08:00"),
        ("--all", "--number", "x"),
    ],
)
def test_replay_refuses_options_that_make_no_sense(
    payment: Payment, options: tuple[str, ...]
) -> None:
    notice = stored(payment)
    with pytest.raises(CommandError):
        replay(*options)
    assert state(notice) == WAITING


# --- by the clock ------------------------------------------------------------------


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
