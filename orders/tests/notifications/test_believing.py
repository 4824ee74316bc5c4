"""Whose notification is believed, and what of it."""

import base64
import time
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from orders.models import Order, Payment
from orders.tests.notifying import deliver, sealed, signed
from shop.metrics import registry
from shop.wechat.pay import notifications

from .believing import Sent, assert_fail, untouched


def test_true_notification_pays_and_is_answered_with_nothing(
    send: Sent, facts: dict[str, Any]
) -> None:
    response = send(facts)
    assert (response.status_code, response.content) == (204, b"")
    order, payment = Order.objects.get(), Payment.objects.get()
    assert (order.status, payment.state) == ("paid", "succeeded")
    assert payment.facts == facts
    assert payment.paid_at == order.paid_at
    assert order.paid_at.isoformat() == "2026-11-23T04:00:00+00:00"


def test_notification_before_prepay_returned_is_taken(
    send: Sent, facts: dict[str, Any]
) -> None:
    Payment.objects.update(prepay_id="", prepay_at=None)
    assert send(facts).status_code == 204
    assert Order.objects.get().status == "paid"


@pytest.mark.parametrize(
    "change",
    [
        {"appid": "wxffffffffffffffff"},
        {"mchid": "1000000000"},
        {"out_trade_no": "UNKNOWN0001"},
        {"out_trade_no": None},
        {"amount": {"total": 1, "currency": "CNY"}},
        {"amount": {"total": 9901, "currency": "CNY"}},
        {"amount": {"total": "9900", "currency": "CNY"}},
        {"amount": {"total": 9900.0, "currency": "CNY"}},
        {"amount": {"total": 9900, "currency": "USD"}},
        {"amount": {"total": 9900}},
        {"amount": None},
        {"trade_state": "NOTPAY"},
        {"trade_state": None},
        {"transaction_id": ""},
        {"transaction_id": None},
        {"transaction_id": "9" * 33},
        {"transaction_id": "a\0"},
        {"out_trade_no": "a\0"},
        {"out_trade_no": ["A1"]},
    ],
)
def test_verified_facts_of_another_payment_never_pay(
    send: Sent,
    facts: dict[str, Any],
    change: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert_fail(send({**facts, **change}))
    assert any(record.levelname == "ERROR" for record in caplog.records)


def errors_told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]


def stale_ones() -> float:
    return (
        registry.get_sample_value("shop_notifications_total", {"outcome": "stale"})
        or 0.0
    )


@pytest.fixture
def now(monkeypatch: Any) -> int:
    """Stop the clock by which notifications age."""
    moment = int(time.time())
    monkeypatch.setattr(notifications, "time", SimpleNamespace(time=lambda: moment))
    return moment


@pytest.mark.parametrize("shift", [-301, 301, -600, 600, -86_400])
def test_stale_and_future_notifications_are_refused(
    send: Sent,
    facts: dict[str, Any],
    now: int,
    shift: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Signed by WeChat: one of the two clocks is wrong, or somebody replays."""
    before = stale_ones()
    assert_fail(send(facts, timestamp=now + shift))
    told = f"notification refused: signed {-shift} s ago, not fresh"
    assert errors_told(caplog) == [told]
    assert stale_ones() == before + 1


def test_nobody_else_raises_the_alarm(
    world: dict[str, str],
    facts: dict[str, Any],
    now: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    forger = generate_private_key(65537, 2048)
    body = sealed(facts, world["apiV3Key"])
    serial = world["platformPublicKeyId"]
    before = stale_ones()
    assert_fail(deliver(body, signed(body, forger, serial, now - 600)))
    assert errors_told(caplog) == []
    assert stale_ones() == before


@pytest.mark.parametrize("shift", [-300, 300])
def test_clocks_may_differ_by_five_minutes(
    send: Sent, facts: dict[str, Any], now: int, shift: int
) -> None:
    assert send(facts, timestamp=now + shift).status_code == 204


def test_other_events_are_taken_and_change_nothing(
    send: Sent, facts: dict[str, Any]
) -> None:
    assert send(facts, event_type="TRANSACTION.OTHER").status_code == 204
    assert untouched()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Wechatpay-Timestamp", None),
        ("Wechatpay-Timestamp", "yesterday"),
        ("Wechatpay-Timestamp", "9" * 30),
        ("Wechatpay-Timestamp", "-1"),
        ("Wechatpay-Nonce", None),
        ("Wechatpay-Nonce", "another"),
        ("Wechatpay-Serial", None),
        ("Wechatpay-Serial", "PUB_KEY_ID_0000000000000000000000000000"),
        ("Wechatpay-Serial", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"),
        ("Wechatpay-Signature", None),
        ("Wechatpay-Signature", "not base64 !"),
        ("Wechatpay-Signature", "WECHATPAY/SIGNTEST/aGVsbG8="),
        ("Wechatpay-Signature", base64.b64encode(b"x" * 256).decode()),
        ("Wechatpay-Signature-Type", None),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"),
    ],
)
def test_each_header_counts_and_nothing_calls_out(
    world: dict[str, str], facts: dict[str, Any], header: str, value: str | None
) -> None:
    key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
    body = sealed(facts, world["apiV3Key"])
    headers = signed(body, key, world["platformPublicKeyId"])
    if value is None:
        del headers[header]
    else:
        headers[header] = value
    assert_fail(deliver(body, headers))


def test_signature_of_another_key_is_refused(
    world: dict[str, str], facts: dict[str, Any]
) -> None:
    forger = generate_private_key(65537, 2048)
    body = sealed(facts, world["apiV3Key"])
    assert_fail(deliver(body, signed(body, forger, world["platformPublicKeyId"])))
