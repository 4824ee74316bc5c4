"""What a start must have: keys that work, and in production nothing unsafe.

Each fault is an Error with an id of docs/checks.md; no message repeats a secret.
"""

import re
from collections.abc import Iterator
from typing import Any

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from django.core.checks import Error, register

TAG = "shop"
KEY_MIN_BYTES = 32
TOKEN_MIN_BYTES = 16
API_V3_KEY_BYTES = 32
# A random secret of 32 hexadecimal digits has about 14 different ones.
DIFFERENT_MIN = 8
# What people write where a secret is to come.
_EXAMPLE = re.compile(
    r"change.?(me|this|it)|replace.?(me|this)|example|insecure|your.?secret|password"
    r"|placeholder|dummy|not.?a.?secret|xxxxxx|^<.*>$",
    re.IGNORECASE,
)
_HOSTS = {
    "WECHAT_API_BASE": {"https://api.weixin.qq.com"},
    "WECHAT_PAY_BASE": {
        "https://api.mch.weixin.qq.com",
        "https://api2.mch.weixin.qq.com",
    },
    "KUAIDI100_BASE": {"https://poll.kuaidi100.com"},
}


@register(TAG)
def keys_check(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Refuse keys that are too short, or would fail at the first login or payment."""
    return [*_sizes(), *_forms(), *_storage(), *_logistics()]


@register(TAG)
def production_check(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Refuse in production what development alone may do."""
    if settings.IS_DEVELOPMENT:
        return []
    return [*_guessable(), *_switches(), *_addresses()]


def secrets_of_settings() -> dict[str, str]:
    """Return every secret of the settings that is set, by its name."""
    database, cache = settings.DATABASES["default"], settings.CACHES["default"]
    found = {
        "SECRET_KEY": settings.SECRET_KEY,
        "JWT_SIGNING_KEY": settings.SIMPLE_JWT["SIGNING_KEY"],
        "FIELD_ENCRYPTION_KEY": settings.FIELD_ENCRYPTION_KEY,
        "WECHAT_SECRET": settings.WECHAT_SECRET,
        "WECHAT_API_V3_KEY": settings.WECHAT_API_V3_KEY,
        "METRICS_TOKEN": settings.METRICS_TOKEN,
        "KUAIDI100_KEY": settings.KUAIDI100_KEY,
        "S3_SECRET_ACCESS_KEY": settings.S3_SECRET_ACCESS_KEY,
        "the password of DATABASE_URL": database["PASSWORD"],
        "the password of DATABASE_REPLICA_URL": settings.DATABASES.get(
            "replica", {}
        ).get("PASSWORD", ""),
        "the password of VALKEY_URL": _password(str(cache["LOCATION"])),
    }
    return {name: secret for name, secret in found.items() if secret}


def _password(url: str) -> str:
    """Return what stands between the user and the @, whatever the URL's form."""
    found = re.search(r"//[^/@:]*:([^@]*)@", url)
    return found.group(1) if found else ""


def _sizes() -> Iterator[Error]:
    secrets = secrets_of_settings()
    for name, least in {
        "SECRET_KEY": KEY_MIN_BYTES,
        "JWT_SIGNING_KEY": KEY_MIN_BYTES,
        "METRICS_TOKEN": TOKEN_MIN_BYTES,
    }.items():
        if name in secrets and len(secrets[name].encode()) < least:
            yield Error(f"{name} must be at least {least} bytes", id="shop.E001")
    if secrets["SECRET_KEY"] == secrets["JWT_SIGNING_KEY"]:
        yield Error("SECRET_KEY and JWT_SIGNING_KEY are the same", id="shop.E006")
    if len(settings.WECHAT_API_V3_KEY.encode()) != API_V3_KEY_BYTES:
        yield Error(
            f"WECHAT_API_V3_KEY must be {API_V3_KEY_BYTES} bytes", id="shop.E002"
        )


def _forms() -> Iterator[Error]:
    if not _are_fernet_keys(settings.FIELD_ENCRYPTION_KEY):
        yield Error(
            "FIELD_ENCRYPTION_KEY must be Fernet keys, separated by commas",
            id="shop.E003",
        )
    for name, is_right in {
        "WECHAT_MERCHANT_PRIVATE_KEY": _is_private_key(
            settings.WECHAT_MERCHANT_PRIVATE_KEY
        ),
        "WECHAT_PLATFORM_PUBLIC_KEY": _is_public_key(
            settings.WECHAT_PLATFORM_PUBLIC_KEY
        ),
    }.items():
        if not is_right:
            yield Error(f"{name} must be an RSA key in PEM", id="shop.E004")


def _are_fernet_keys(text: str) -> bool:
    try:
        return bool([Fernet(key.strip()) for key in text.split(",")])
    except ValueError:
        return False


def _is_private_key(pem: str) -> bool:
    try:
        # Our own file: proving that its factors are prime would take a tenth second.
        key = load_pem_private_key(
            pem.encode(), None, unsafe_skip_rsa_key_validation=True
        )
    except (ValueError, TypeError):
        return False
    return isinstance(key, RSAPrivateKey)


def _is_public_key(pem: str) -> bool:
    try:
        return isinstance(load_pem_public_key(pem.encode()), RSAPublicKey)
    except ValueError:
        return False


def _storage() -> Iterator[Error]:
    names = ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_PUBLIC_URL")
    if settings.S3_BUCKET and not all(getattr(settings, name) for name in names):
        yield Error(f"S3_BUCKET needs {', '.join(names)}", id="shop.E013")


def _logistics() -> Iterator[Error]:
    names = ("KUAIDI100_CUSTOMER", "KUAIDI100_KEY")
    is_asked = settings.LOGISTICS_SERVICE == "kuaidi100"
    if is_asked and not all(getattr(settings, name) for name in names):
        yield Error(
            f"LOGISTICS_SERVICE=kuaidi100 needs {' and '.join(names)}", id="shop.E015"
        )


def _guessable() -> Iterator[Error]:
    for name, secret in secrets_of_settings().items():
        if is_guessable(secret):
            yield Error(
                f"{name} is an example or repeats itself: make a random one",
                id="shop.E005",
            )


def is_guessable(secret: str) -> bool:
    """Tell an example, a few different characters, or a text said twice."""
    return bool(
        _EXAMPLE.search(secret)
        or len(set(secret)) < DIFFERENT_MIN
        or secret in (secret + secret)[1:-1]
    )


def _switches() -> Iterator[Error]:
    if settings.DEBUG:
        yield Error("DEBUG=1 needs SHOP_ENV=development", id="shop.E007")
    if not settings.RATELIMIT_ENABLE:
        yield Error("RATELIMIT_ENABLE=0 needs SHOP_ENV=development", id="shop.E008")


def _addresses() -> Iterator[Error]:
    if "*" in settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS=* needs SHOP_ENV=development", id="shop.E009")
    if not settings.PUBLIC_URL.startswith("https://"):
        yield Error("PUBLIC_URL must be https", id="shop.E010")
    if settings.S3_PUBLIC_URL and not settings.S3_PUBLIC_URL.startswith("https://"):
        yield Error("S3_PUBLIC_URL must be https", id="shop.E014")
    for name, hosts in _HOSTS.items():
        if getattr(settings, name) not in hosts:
            yield Error(
                f"{name}: another host needs SHOP_ENV=development",
                id="shop.E011",
            )
    # The simulator's; WeChat's own go on in digits.
    if settings.WECHAT_PLATFORM_PUBLIC_KEY_ID.startswith("PUB_KEY_ID_SIM"):
        yield Error("the simulator's keys need SHOP_ENV=development", id="shop.E012")
