"""WeChat's notifications, made from its published form with the platform's key."""

import base64
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.test import Client

PAYMENT_URL = "/api/payments/wechat/notify"
REFUND_URL = "/api/payments/wechat/refund-notify"


def wechat_world() -> dict[str, str]:
    """Return the keys and names that the tests' shop and WeChat share."""
    path = Path(os.environ["SHOP_TEST_SERVERS"]) / "wechat.json"
    data: dict[str, str] = json.loads(path.read_text())
    return data


def sealed(facts: Any, key: str, **outer: Any) -> bytes:
    """Return a notification's body around encrypted facts."""
    nonce = "abcdefghijkl"
    event_type = outer.get("event_type", "TRANSACTION.SUCCESS")
    original_type = event_type.partition(".")[0].lower()
    secret = AESGCM(key.encode()).encrypt(
        nonce.encode(), json.dumps(facts).encode(), original_type.encode()
    )
    return json.dumps(
        {
            "id": "EV-1",
            "create_time": "2026-11-23T12:00:00+08:00",
            "event_type": event_type,
            "resource_type": "encrypt-resource",
            "resource": {
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(secret).decode(),
                "nonce": nonce,
                "associated_data": original_type,
                "original_type": original_type,
            },
            **outer,
        }
    ).encode()


def signed(
    body: bytes, private_key: RSAPrivateKey, serial: str, timestamp: int | None = None
) -> dict[str, str]:
    """Return the headers of a notification."""
    stamp, nonce = str(timestamp or int(time.time())), "nonce-of-the-test"
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    signature = private_key.sign(text, PKCS1v15(), SHA256())
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def deliver(body: bytes, headers: Mapping[str, str], url: str = PAYMENT_URL) -> Any:
    return Client().post(url, body, content_type="application/json", headers=headers)


def notify(
    facts: Any, *, timestamp: int | None = None, url: str = PAYMENT_URL, **outer: Any
) -> Any:
    """Send a well-made notification about any facts; return the answer."""
    world = wechat_world()
    key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
    body = sealed(facts, world["apiV3Key"], **outer)
    headers = signed(body, key, world["platformPublicKeyId"], timestamp)
    return deliver(body, headers, url)
