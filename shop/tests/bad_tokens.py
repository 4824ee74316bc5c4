"""Tokens that let nobody in: forged, misused, or of those who are gone."""

import base64
import hashlib
import hmac
import json
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from accounts.models import User
from accounts.services import session_open, sessions_end_all
from conftest import make_shopper
from shop.tests.conftest import MESSAGES

NONE, INVALID, EXPIRED, NO_USER = (
    "not_authenticated",
    "token_invalid",
    "token_expired",
    "user_not_found",
)
SAID = {
    NONE: MESSAGES[401],
    INVALID: "Token无效",
    EXPIRED: "Token已过期",
    NO_USER: "用户不存在",
}
YEAR = 365 * 24 * 3600
RSA_KEY = rsa.generate_private_key(65537, 2048)
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(
    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
)
OTHER_KEY = "k" * 64
# gunicorn hands over no longer header.
HEADER_MAX = 8000
Cases = dict[str, tuple[str, str]]


class Dead(NamedTuple):
    """Tokens that were good once, and whose user or session is not any more."""

    ended: str
    deactivated: str
    deleted: str
    # Of somebody who is still there.
    other: dict[str, Any]


def dead_make() -> Dead:
    users = [make_shopper(name) for name in ("ended", "deactivated", "deleted")]
    tokens = [session_open(user=user).token for user in users]
    ended, deactivated, deleted = users
    sessions_end_all(user_id=ended.pk)
    User.objects.filter(pk=deactivated.pk).update(is_active=False)
    deleted.delete()
    return Dead(*tokens, read(session_open(user=make_shopper("other")).token))


def read(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed(
    claims: dict[str, Any], key: Any = "", algorithm: str = "HS256", **head: Any
) -> str:
    key = key or settings.SIMPLE_JWT["SIGNING_KEY"]
    return jwt.encode(claims, key, algorithm=algorithm, headers=head)


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(head: dict[str, Any], claims: dict[str, Any], key: bytes | None) -> str:
    """Sign as no library will: with nothing, or a public key as if it were a secret."""
    text = f"{part(head)}.{part(claims)}"
    digest = b"" if key is None else hmac.digest(key, text.encode(), hashlib.sha256)
    return f"{text}.{part(digest)}"


def forged(claims: dict[str, Any]) -> dict[str, str]:
    """Return tokens that say what a good one says, and that we have not signed."""
    head, body, signature = signed(claims).split(".")
    long_key = settings.SIMPLE_JWT["SIGNING_KEY"].ljust(64, "0")
    other_user = part(claims | {"userId": claims["userId"] + 1})
    jwk = {"kty": "oct", "k": part(OTHER_KEY.encode())}
    return {
        "alg none": by_hand({"alg": "none"}, claims, None),
        "alg nOnE": by_hand({"alg": "nOnE"}, claims, b"x"),
        "no alg": by_hand({"typ": "JWT"}, claims, b"x"),
        "HS384": signed(claims, long_key, "HS384"),
        "HS512": signed(claims, long_key, "HS512"),
        "RS256": signed(claims, RSA_KEY, "RS256"),
        "RS256 for HS256": by_hand({"alg": "HS256"}, claims, PUBLIC_PEM),
        "another key": signed(claims, OTHER_KEY),
        "the key of cookies": signed(claims, settings.SECRET_KEY),
        "an empty key": by_hand({"alg": "HS256"}, claims, b""),
        "unknown kid": signed(claims, OTHER_KEY, kid="1"),
        "kid of a file": by_hand({"alg": "HS256", "kid": "/dev/null"}, claims, b""),
        "a key that comes along": signed(claims, OTHER_KEY, jwk=jwk),
        "another's body": f"{head}.{other_user}.{signature}",
        "no signature": f"{head}.{body}.",
        "another signature": f"{head}.{body}.{part(b'x' * 32)}",
        "four parts": f"{head}.{body}.{signature}.{signature}",
        "unicode": "茶.茶.茶".encode().decode("latin-1"),
        "unicode inside": f"{head}.{part('茶'.encode())}.{signature}",
        "huge": "a" * HEADER_MAX,
        "huge and signed": signed(claims, OTHER_KEY, x="x" * HEADER_MAX),
        "NUL": f"{head}.{body}\0.{signature}",
    }


def misused(claims: dict[str, Any], dead: Dead) -> Cases:
    """Return tokens that we have signed, and that let nobody in here."""
    now, other = claims["iat"], dead.other
    kind = claims["token_type"]
    without = {
        f"no {name}": {key: value for key, value in claims.items() if key != name}
        for name in ("exp", "token_type", "userId", "sid", "jti")
    }
    said = {
        **without,
        "another type": {
            **claims,
            "token_type": "refresh" if kind == "access" else "access",
        },
        "an unknown type": claims | {"token_type": "sliding"},
        "not yet": claims | {"nbf": now + 3600},
        "made tomorrow": claims | {"iat": now + 24 * 3600},
        "of another issuer": claims | {"iss": "https://elsewhere.example"},
        "for another audience": claims | {"aud": "elsewhere"},
        "another's id": claims | {"userId": other["userId"]},
        "another's session": claims | {"sid": other["sid"]},
        "no such session": claims | {"sid": "0" * 32},
    }
    cases = {name: (signed(one), INVALID) for name, one in said.items()}
    cases["expired"] = (signed(claims | {"exp": now - 60}), EXPIRED)
    cases["of a year ago"] = (
        signed(claims | {"iat": now - YEAR, "exp": now - YEAR + 60}),
        EXPIRED,
    )
    return cases


def buried(dead: Dead) -> Cases:
    return {
        "session ended": (dead.ended, INVALID),
        "deactivated": (dead.deactivated, NO_USER),
        "deleted": (dead.deleted, NO_USER),
    }
