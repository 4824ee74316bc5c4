"""Pay v3 cryptography, seen from WeChat's side."""

from __future__ import annotations

import base64
import binascii
import re
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from .clock import Clock
from .messages import Request
from .world import World, private_key

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_SECONDS = 300
AUTHORIZATION_FIELDS = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}


class SignatureRefused(Exception):
    """A merchant's request that WeChat would not take as the merchant's."""


class Merchant:
    """Checks that a request comes from the world's merchant, unchanged."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._key = private_key(world["merchantPrivateKey"]).public_key()

    def check(self, request: Request) -> None:
        """Check Wechatpay-Serial, and Authorization over the request's exact bytes.

        Raises:
            SignatureRefused: with the reason.
        """
        fields = authorization_read(request.headers.get("authorization", ""))
        self._check_account(fields)
        self._check_key_named(request)
        self._check_fresh(fields["timestamp"])
        if not fields["nonce_str"]:
            raise SignatureRefused("Http头Authorization中的nonce_str为空")
        signed = "\n".join(
            [request.method, request.target, fields["timestamp"], fields["nonce_str"]]
        )
        self._check_signature(
            fields["signature"], signed.encode() + b"\n" + request.body + b"\n"
        )

    def _check_account(self, fields: dict[str, str]) -> None:
        if fields["mchid"] != self._world["mchid"]:
            raise SignatureRefused("商户号不存在")
        if fields["serial_no"].upper() != self._world["merchantSerial"].upper():
            raise SignatureRefused("商户证书序列号有误")

    def _check_key_named(self, request: Request) -> None:
        """In public-key mode a merchant says by which key it will verify."""
        named = request.headers.get("wechatpay-serial")
        if named != self._world["platformPublicKeyId"]:
            raise SignatureRefused("Http头Wechatpay-Serial有误")

    def _check_fresh(self, timestamp: str) -> None:
        if not re.fullmatch(r"[0-9]{1,12}", timestamp):
            raise SignatureRefused("Http头Authorization中的timestamp格式错误")
        if abs(self._clock.now() - int(timestamp)) > FRESH_SECONDS:
            raise SignatureRefused(
                "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
            )

    def _check_signature(self, signature: str, message: bytes) -> None:
        try:
            raw = base64.b64decode(signature, validate=True)
            self._key.verify(raw, message, PKCS1v15(), SHA256())
        except (binascii.Error, InvalidSignature) as error:
            raise SignatureRefused("签名错误") from error


def authorization_read(header: str) -> dict[str, str]:
    """Return the five fields of an Authorization header, in whatever order they come.

    Raises:
        SignatureRefused: another scheme, or a field missing, twice or unknown.
    """
    scheme, _, rest = header.partition(" ")
    pairs = [
        re.fullmatch(r'([a-z_]+)="([^"]*)"', part.strip()) for part in rest.split(",")
    ]
    fields = {pair[1]: pair[2] for pair in pairs if pair}
    well_formed = all(pairs) and len(pairs) == len(AUTHORIZATION_FIELDS)
    if scheme != SCHEME or not well_formed or set(fields) != AUTHORIZATION_FIELDS:
        raise SignatureRefused("Http头Authorization值格式错误")
    return fields


class Platform:
    """Signs and encrypts as the payment platform."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._serial = world["platformPublicKeyId"]
        self._key = private_key(world["platformPrivateKey"])
        self._aead = AESGCM(world["apiV3Key"].encode())
        self._clock = clock

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the five headers that sign `body`, each time afresh."""
        timestamp, nonce = str(int(self._clock.now())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self._key.sign(message, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": self._serial,
            "Wechatpay-Signature-Type": SCHEME,
        }

    def resource(self, plaintext: bytes, original_type: str) -> dict[str, str]:
        """Return `plaintext` as a notification's encrypted resource."""
        nonce, associated = secrets.token_hex(6), original_type
        sealed = self._aead.encrypt(nonce.encode(), plaintext, associated.encode())
        return {
            "original_type": original_type,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": associated,
            "nonce": nonce,
        }
