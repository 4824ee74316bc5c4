"""A body that cannot be read, or is too long; requests that never reach the view."""

import json
import socket
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.test import Client

from orders.models import Payment
from orders.tests.notifying import PAYMENT_URL as URL
from orders.tests.notifying import deliver, sealed, signed
from shop.wechat import pay
from shop.wechat.errors import NotificationRefused

from .believing import Sent, assert_fail

BODY_MAX = 64 * 1024


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
