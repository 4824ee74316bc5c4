"""POST /api/payments/wechat/refund-notify: what it books, and in any sequence."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import MovementReason, Product, StockMovement
from conftest import alone, lock_waiters, wait_until
from orders.models import Order, PaymentAnomaly, Refund, RefundEvent
from orders.services.refunds import refund_approve, refund_settle
from orders.tests.conftest import line, paid_order, stock_of
from orders.tests.notifying import (
    REFUND_URL,
    deliver,
    notify,
    sealed,
    signed,
    wechat_world,
)
from orders.tests.refunding import asked, pieces, refund_facts

pytestmark = pytest.mark.usefixtures("audited")

EVENTS = {
    "SUCCESS": "REFUND.SUCCESS",
    "ABNORMAL": "REFUND.ABNORMAL",
    "CLOSED": "REFUND.CLOSED",
    # No event of WeChat's: what a query answers, told late.
    "PROCESSING": "REFUND.SUCCESS",
}


@pytest.fixture
def refund(shopper_api: APIClient, staff: User, tea: Product) -> Refund:
    """Two of three pieces of a paid order, agreed to and not sent yet."""
    order = paid_order(shopper_api, line(tea, 3))
    refund = asked(shopper_api, order, items=pieces(order, 2))
    return refund_approve(refund_id=refund.pk, operator_id=staff.pk, is_restocked=False)


def send(refund: Refund, status: str = "SUCCESS", **changes: Any) -> Any:
    facts = {**refund_facts(refund, status), **changes}
    return notify(facts, url=REFUND_URL, event_type=EVENTS[status])


def states() -> list[str]:
    return list(RefundEvent.objects.values_list("to_state", flat=True))


def written(tea: Product) -> Any:
    tea.refresh_from_db()
    return (
        *Refund.objects.values_list("state", "accepted_at", "succeeded_at", "facts"),
        *states(),
        stock_of(tea),
        tea.sales,
    )


def untouched(tea: Product) -> bool:
    return written(tea) == (
        *(("approved", None, None, None), "requested", "approved", 7, 3),
    )


def test_true_notification_ends_the_refund(refund: Refund, tea: Product) -> None:
    response = send(refund)
    assert (response.status_code, response.content) == (204, b"")
    refund.refresh_from_db()
    assert (refund.state, refund.wechat_error, refund.due_at) == ("succeeded", "", None)
    assert refund.facts == refund_facts(refund)
    assert refund.succeeded_at.isoformat() == "2026-11-25T04:00:00+00:00"
    assert refund.accepted_at is not None
    assert states() == ["requested", "approved", "succeeded"]
    tea.refresh_from_db()
    assert (stock_of(tea), tea.sales) == (9, 1)
    movement = StockMovement.objects.get(reason=MovementReason.REFUND)
    assert (movement.delta, movement.balance) == (2, 9)
    assert movement.reference == refund.refund_no
    assert Order.objects.get().status == "paid"
    assert not PaymentAnomaly.objects.exists()


@pytest.mark.parametrize("status", ["ABNORMAL", "CLOSED"])
def test_a_failure_reaches_staff(refund: Refund, tea: Product, status: str) -> None:
    assert send(refund, status).status_code == 204
    refund.refresh_from_db()
    assert (refund.state, refund.wechat_error) == ("failed", status)
    anomaly = PaymentAnomaly.objects.get()
    assert (anomaly.kind, anomaly.refund) == ("refund_failed", refund)
    assert anomaly.happened == f"退款{refund.refund_no}失败,微信返回{status}"
    # What WeChat has closed it never took: pieces and sales stay.
    tea.refresh_from_db()
    is_taken = status == "ABNORMAL"
    assert (stock_of(tea), tea.sales) == ((9, 1) if is_taken else (7, 3))


@pytest.mark.parametrize(
    "statuses",
    [
        ["SUCCESS", "SUCCESS", "SUCCESS"],
        ["SUCCESS", "PROCESSING"],
        ["SUCCESS", "CLOSED"],
        ["SUCCESS", "ABNORMAL"],
        ["PROCESSING", "PROCESSING", "SUCCESS", "PROCESSING", "CLOSED"],
        ["PROCESSING", "ABNORMAL", "ABNORMAL", "SUCCESS", "ABNORMAL"],
    ],
)
def test_once_succeeded_it_stays_so_and_pieces_follow_once(
    refund: Refund, tea: Product, statuses: list[str]
) -> None:
    for status in statuses:
        assert send(refund, status).status_code == 204
    refund.refresh_from_db()
    assert (refund.state, refund.wechat_error, refund.due_at) == ("succeeded", "", None)
    assert refund.facts["refund_status"] == "SUCCESS"
    assert states().count("succeeded") == 1
    tea.refresh_from_db()
    assert (stock_of(tea), tea.sales) == (9, 1)


def test_the_answer_may_come_after_the_notification(
    refund: Refund, tea: Product
) -> None:
    """WeChat notifies before the shop has read the answer to its request."""
    send(refund)
    answer = refund_facts(refund, "PROCESSING")
    answer["status"] = answer.pop("refund_status")
    del answer["mchid"]
    assert refund_settle(facts=answer).state == "succeeded"
    assert states() == ["requested", "approved", "succeeded"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mchid": "1000000000"}, "mchid"),
        ({"transaction_id": "42-other"}, "transaction_id"),
        ({"transaction_id": None}, "transaction_id"),
        ({"amount": {"total": 29700, "refund": 19799}}, "amount.refund"),
        ({"amount": {"total": 29700, "refund": 19800.0}}, "amount.refund"),
        ({"amount": {"total": 29700, "refund": "19800"}}, "amount.refund"),
        ({"amount": {"total": 29701, "refund": 19800}}, "amount.total"),
        ({"amount": None}, "amount.refund"),
        ({"refund_status": "SUCCEEDED"}, "status"),
        ({"refund_status": None}, "status"),
    ],
)
def test_verified_facts_of_another_refund_book_nothing(
    refund: Refund, tea: Product, change: dict[str, Any], field: str
) -> None:
    for _ in range(2):
        response = send(refund, **change)
        assert response.status_code == 400
        assert response.json() == {"code": "FAIL", "message": "退款信息不一致"}
    assert untouched(tea)
    anomaly = PaymentAnomaly.objects.get()
    assert (anomaly.kind, anomaly.refund, anomaly.times) == ("mismatch", refund, 2)
    assert anomaly.happened == f"微信退款{refund.refund_no}与系统记录不符:{field}"
    assert "user_received_account" not in anomaly.facts


@pytest.mark.parametrize(
    "number",
    ["R261126000000000XXXXX0001T01", None, "", "R1' --", ["R1"], "9" * 99],
)
def test_an_unknown_number_fails_and_is_noted(
    refund: Refund, tea: Product, number: Any
) -> None:
    response = send(refund, out_refund_no=number)
    assert response.status_code == 400
    assert response.json() == {"code": "FAIL", "message": "退款信息不一致"}
    assert untouched(tea)
    anomaly = PaymentAnomaly.objects.get()
    assert (anomaly.kind, anomaly.refund, anomaly.order) == ("mismatch", None, None)


def test_a_number_that_was_never_sent_is_refused(refund: Refund, tea: Product) -> None:
    """Only the attempt that is asked for may pay; this one WeChat never got from us."""
    response = send(refund, out_refund_no=f"{refund.refund_no}T02")
    assert response.status_code == 400
    assert untouched(tea)


def test_a_request_without_an_answer_is_never_booked(
    shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea, 3))
    refund = asked(shopper_api, order)
    assert send(refund).status_code == 400
    assert Refund.objects.get().state == "requested"
    assert PaymentAnomaly.objects.get().happened.endswith(":state")
    assert stock_of(tea) == 7


def forged(refund: Refund) -> tuple[bytes, dict[str, str]]:
    body = sealed(
        refund_facts(refund), wechat_world()["apiV3Key"], event_type="REFUND.SUCCESS"
    )
    key = generate_private_key(65537, 2048)
    return body, signed(body, key, wechat_world()["platformPublicKeyId"])


def test_forged_and_stale_ones_are_refused_and_note_nothing(
    refund: Refund, tea: Product
) -> None:
    body, headers = forged(refund)
    probe = {**headers, "Wechatpay-Signature": "WECHATPAY/SIGNTEST/aGVsbG8="}
    answers = [
        deliver(body, headers, REFUND_URL),
        deliver(body, probe, REFUND_URL),
        deliver(body, {}, REFUND_URL),
        notify(
            refund_facts(refund),
            url=REFUND_URL,
            event_type="REFUND.SUCCESS",
            timestamp=1_700_000_000,
        ),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert answer.json() == {"code": "FAIL", "message": "通知无效"}
    assert untouched(tea)
    assert not PaymentAnomaly.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_other_methods_fail_in_wechats_form(db: None, method: str) -> None:
    answer = getattr(Client(), method)(REFUND_URL)
    assert (answer.status_code, answer.json()["code"]) == (405, "FAIL")


def test_other_events_are_taken_and_change_nothing(
    refund: Refund, tea: Product
) -> None:
    facts = refund_facts(refund)
    answer = notify(facts, url=REFUND_URL, event_type="REFUND.OTHER")
    assert answer.status_code == 204
    assert untouched(tea)


def test_fifty_notifications_at_once_are_one_refund(
    transactional_db: None, patient_database: None, refund: Refund, tea: Product
) -> None:
    """All of them have begun when the first may write; each is told that it is well."""
    deliver_one = alone(lambda: send(refund).status_code)
    with ThreadPoolExecutor(50) as pool:
        with transaction.atomic():
            list(Order.objects.select_for_update())
            sent = [pool.submit(deliver_one) for _ in range(50)]
            wait_until(lambda: lock_waiters() == 50)
        assert [future.result() for future in sent] == [204] * 50
    assert states() == ["requested", "approved", "succeeded"]
    tea.refresh_from_db()
    assert (stock_of(tea), tea.sales) == (9, 1)
    assert StockMovement.objects.filter(reason=MovementReason.REFUND).count() == 1
