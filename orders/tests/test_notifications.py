"""POST /api/payments/wechat/notify: what is believed and what is refused."""

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.models import Order, OrderEvent, Payment, PaymentAnomaly, Refund
from orders.tests.conftest import line, placed
from orders.tests.notifying import PAYMENT_URL as URL
from orders.tests.notifying import deliver, notify, sealed, signed, wechat_world
from shop.wechat import pay
from shop.wechat.errors import NotificationRefused
from shop.wechat.pay import notifications

BODY_MAX = 64 * 1024
Sent = Callable[..., Any]


@pytest.fixture(autouse=True)
def _nobody_is_called(settings: Any) -> Iterator[None]:
    """Stand where WeChat would be: no notification, whatever it is, leads there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        settings.WECHAT_PAY_BASE = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.fixture
def world() -> dict[str, str]:
    return wechat_world()


@pytest.fixture
def payment(shopper: User, shopper_api: APIClient, tea: Product) -> Payment:
    placed(shopper_api, line(tea))
    order = Order.objects.get()
    return Payment.objects.create(
        order=order,
        out_trade_no=f"{order.order_no}P001",
        amount=order.total_amount,
        expires_at=order.expires_at,
        prepay_id="wx201",
    )


@pytest.fixture
def facts(payment: Payment, world: dict[str, str]) -> dict[str, Any]:
    return {
        "appid": world["appid"],
        "mchid": world["mchid"],
        "out_trade_no": payment.out_trade_no,
        "transaction_id": "4200001234202611230000000001",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-23T12:00:00+08:00",
        "payer": {"openid": "openid-shopper"},
        "amount": {"total": 9900, "payer_total": 9900, "currency": "CNY"},
    }


@pytest.fixture
def send() -> Sent:
    """Return a sender of well-made notifications about any facts."""
    return notify


def untouched() -> bool:
    return (
        Order.objects.get().status == "pending"
        and Payment.objects.get().state == "open"
        and OrderEvent.objects.count() == 1
        and Product.objects.get().sales == 0
    )


def assert_fail(response: Any, status: int = 400) -> None:
    """The answer is WeChat's failure, outside of the envelope."""
    assert response.status_code == status
    assert response.json().keys() == {"code", "message"}
    assert response.json()["code"] == "FAIL"
    assert untouched()


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


@pytest.fixture
def now(monkeypatch: Any) -> int:
    """Stop the clock by which notifications age."""
    moment = int(time.time())
    monkeypatch.setattr(notifications, "time", SimpleNamespace(time=lambda: moment))
    return moment


@pytest.mark.parametrize("shift", [-301, 301, -86_400])
def test_stale_and_future_notifications_are_refused(
    send: Sent, facts: dict[str, Any], now: int, shift: int
) -> None:
    assert_fail(send(facts, timestamp=now + shift))


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


def test_changed_body_is_refused(world: dict[str, str], facts: dict[str, Any]) -> None:
    key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
    body = sealed(facts, world["apiV3Key"])
    headers = signed(body, key, world["platformPublicKeyId"])
    assert_fail(deliver(body.replace(b"EV-1", b"EV-2"), headers))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"resource_type": "encrypt-resource", "resource": []}',
        b'{"resource_type": "encrypt-resource", "resource": {"algorithm": "X"}}',
        json.dumps(
            {
                "resource_type": "encrypt-resource",
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": "AAAA",
                    "nonce": "short",
                },
            }
        ).encode(),
    ],
)
def test_signed_nonsense_is_refused(
    world: dict[str, str], payment: Payment, body: bytes
) -> None:
    key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
    assert_fail(deliver(body, signed(body, key, world["platformPublicKeyId"])))


@pytest.mark.parametrize("facts_sent", [[], "x", None, 1])
def test_facts_that_are_no_object_are_refused(
    send: Sent, payment: Payment, facts_sent: Any
) -> None:
    assert_fail(send(facts_sent))


def test_facts_under_another_key_are_refused(
    world: dict[str, str], facts: dict[str, Any]
) -> None:
    key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
    body = sealed(facts, "x" * 32)
    assert_fail(deliver(body, signed(body, key, world["platformPublicKeyId"])))


@pytest.fixture
def padded(
    world: dict[str, str], facts: dict[str, Any]
) -> Callable[[int], tuple[bytes, dict[str, str]]]:
    """Return a maker of true notifications of a size: body and headers."""
    key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)

    def make(size: int) -> tuple[bytes, dict[str, str]]:
        body = sealed(facts, world["apiV3Key"]).ljust(size)
        return body, signed(body, key, world["platformPublicKeyId"])

    return make


def test_true_notification_may_be_as_long_as_the_limit(padded: Any) -> None:
    assert deliver(*padded(BODY_MAX)).status_code == 204


def test_true_notification_over_the_limit_is_refused(padded: Any) -> None:
    body, headers = padded(BODY_MAX + 1)
    assert_fail(deliver(body, headers))
    # Nor does it matter what length was announced.
    with pytest.raises(NotificationRefused):
        pay.notification_read(headers, body)


def test_announced_length_over_the_limit_is_not_waited_for(live_server: Any) -> None:
    head = f"POST {URL} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {BODY_MAX + 1}"
    address = (live_server.thread.host, live_server.thread.port)
    with socket.create_connection(address, timeout=30) as line:
        line.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
        answer = HTTPResponse(line)
        answer.begin()
        assert (answer.status, json.load(answer)["code"]) == (400, "FAIL")


def test_what_comes_before_the_view_fails_in_wechats_form_too(
    payment: Payment, settings: Any
) -> None:
    assert_fail(Client(HTTP_TRANSFER_ENCODING="chunked").post(URL))
    settings.ALLOWED_HOSTS = ["shop.example"]
    assert_fail(Client().post(URL, HTTP_HOST="evil.example"))


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_other_methods_fail_in_wechats_form(payment: Payment, method: str) -> None:
    assert_fail(getattr(Client(), method)(URL), status=405)


def test_payment_of_a_cancelled_order_places_it_again(
    send: Sent, facts: dict[str, Any]
) -> None:
    Order.objects.update(status="cancelled")
    Payment.objects.update(state="closed")
    for _ in range(2):
        assert send(facts).status_code == 204
    old, new = Order.objects.order_by("pk")
    assert (old.status, old.replaced_by, new.status) == ("cancelled", new, "paid")
    payment = Payment.objects.get()
    assert (payment.order, payment.state) == (new, "succeeded")
    assert Product.objects.get().sales == 1
    assert noted() == ["late"]


def noted() -> list[str]:
    return list(PaymentAnomaly.objects.values_list("kind", flat=True))


def gone_back() -> list[tuple[str, str, str]]:
    """Return what goes back: of which payment, what began it, how much."""
    refunds = Refund.objects.values_list("payment__state", "kind", "amount")
    return [(state, kind, str(amount)) for state, kind, amount in refunds]


def test_late_payment_of_an_old_price_goes_back_and_never_pays_the_order(
    send: Sent, facts: dict[str, Any]
) -> None:
    """WeChat said that none could come; should one come, it is not the price."""
    Payment.objects.update(state="closed")
    Order.objects.update(discount_amount="9.00", total_amount="90.00")
    for _ in range(2):
        assert send(facts).status_code == 204
    assert Order.objects.get().status == "pending"
    assert Product.objects.get().sales == 0
    assert gone_back() == [("undue", "automatic", "99.00")]
    assert noted() == ["old_price"]


def test_second_payment_of_an_order_goes_back(
    send: Sent, facts: dict[str, Any]
) -> None:
    send(facts)
    first = Payment.objects.get()
    second = Payment.objects.create(
        order=first.order,
        out_trade_no=f"{first.order.order_no}P002",
        amount=first.amount,
        expires_at=first.expires_at,
    )
    told = {"out_trade_no": second.out_trade_no, "transaction_id": "42-other"}
    for _ in range(2):
        assert send({**facts, **told}).status_code == 204
    assert Order.objects.get().status == "paid"
    assert Product.objects.get().sales == 1
    assert gone_back() == [("undue", "automatic", "99.00")]
    assert noted() == ["second"]


def test_other_transaction_under_a_paid_number_is_refused(
    send: Sent, facts: dict[str, Any]
) -> None:
    send(facts)
    assert send({**facts, "transaction_id": "42-other"}).status_code == 400
    assert Payment.objects.get().transaction_id == facts["transaction_id"]


@pytest.mark.usefixtures("audited")
def test_fifty_notifications_at_once_are_one_payment(
    transactional_db: None, patient_database: None, send: Sent, facts: dict[str, Any]
) -> None:
    """All of them have begun when the first may write; each is told that it is well."""
    deliver_one = alone(lambda: send(facts).status_code)
    with ThreadPoolExecutor(50) as pool:
        with transaction.atomic():
            list(Order.objects.select_for_update())
            sent = [pool.submit(deliver_one) for _ in range(50)]
            wait_until(lambda: lock_waiters() == 50)
        assert [future.result() for future in sent] == [204] * 50
    assert Order.objects.get().status == "paid"
    assert Product.objects.get().sales == 1
    events = OrderEvent.objects.values_list("from_status", "to_status")
    assert list(events) == [("", "pending"), ("pending", "paid")]
