"""The checks of the start: each fault has its id, and docs/checks.md lists them all."""

import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from shop.checks import is_guessable, keys_check, production_check
from shop.devstack.programs import PROJECT

PAGE = PROJECT / "docs" / "checks.md"
SAFE = {
    "IS_DEVELOPMENT": False,
    "PUBLIC_URL": "https://shop.example",
    "ALLOWED_HOSTS": ["shop.example"],
    "WECHAT_API_BASE": "https://api.weixin.qq.com",
    "WECHAT_PAY_BASE": "https://api.mch.weixin.qq.com",
    "KUAIDI100_BASE": "https://poll.kuaidi100.com",
    "WECHAT_PLATFORM_PUBLIC_KEY_ID": "PUB_KEY_ID_0116000000012026010100000000000000",
}


def faults(settings: Any, **changes: Any) -> list[tuple[str, str]]:
    """Return id and message of what a production with these changes is refused for."""
    for name, value in (SAFE | changes).items():
        setattr(settings, name, value)
    found = [*keys_check(None), *production_check(None)]
    return [(str(fault.id), fault.msg) for fault in found]


def test_a_safe_production_has_no_fault(settings: Any) -> None:
    assert faults(settings) == []
    assert faults(settings, WECHAT_PAY_BASE="https://api2.mch.weixin.qq.com") == []


NEEDS_DEVELOPMENT = "needs SHOP_ENV=development"
FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"SECRET_KEY": "kX9" * 10}, "E001", "SECRET_KEY must be at least 32 bytes"),
    ({"METRICS_TOKEN": "a1b2c3d4e5f6g7"}, "E001", "METRICS_TOKEN must be at least 16"),
    ({"WECHAT_API_V3_KEY": "0a1b2c3d4e5f6"}, "E002", "WECHAT_API_V3_KEY must be 32"),
    ({"WECHAT_API_V3_KEY": "密" * 32}, "E002", "WECHAT_API_V3_KEY must be 32 bytes"),
    ({"FIELD_ENCRYPTION_KEY": "canary"}, "E003", "must be Fernet keys"),
    ({"FIELD_ENCRYPTION_KEY": "canary" * 9}, "E003", "must be Fernet keys"),
    ({"FIELD_ENCRYPTION_KEY": f"{Fernet.generate_key().decode()},"}, "E003", "Fernet"),
    ({"WECHAT_MERCHANT_PRIVATE_KEY": "canary"}, "E004", "WECHAT_MERCHANT_PRIVATE_KEY"),
    ({"WECHAT_PLATFORM_PUBLIC_KEY": "canary"}, "E004", "WECHAT_PLATFORM_PUBLIC_KEY"),
    ({"WECHAT_SECRET": "change-me-before-going-live"}, "E005", "WECHAT_SECRET is an"),
    ({"S3_SECRET_ACCESS_KEY": "change-me"}, "E005", "S3_SECRET_ACCESS_KEY is an"),
    ({"S3_BUCKET": "pictures"}, "E013", "S3_BUCKET needs S3_ACCESS_KEY_ID, S3_SEC"),
    ({"S3_PUBLIC_URL": "http://cdn.example"}, "E014", "S3_PUBLIC_URL must be https"),
    ({"DEBUG": True}, "E007", f"DEBUG=1 {NEEDS_DEVELOPMENT}"),
    ({"RATELIMIT_ENABLE": False}, "E008", f"RATELIMIT_ENABLE=0 {NEEDS_DEVELOPMENT}"),
    ({"ALLOWED_HOSTS": ["a.example", "*"]}, "E009", "ALLOWED_HOSTS=*"),
    ({"PUBLIC_URL": "http://shop.example"}, "E010", "PUBLIC_URL must be https"),
    ({"WECHAT_API_BASE": "http://127.0.0.1:8001"}, "E011", "WECHAT_API_BASE"),
    (
        {"WECHAT_PAY_BASE": "https://api.mch.weixin.qq.com.evil.example"},
        "E011",
        "WECHAT_PAY_BASE",
    ),
    ({"KUAIDI100_BASE": "http://poll.kuaidi100.com"}, "E011", "KUAIDI100_BASE"),
    ({"KUAIDI100_KEY": ""}, "E015", "LOGISTICS_SERVICE=kuaidi100 needs KUAIDI100_CUS"),
    ({"WECHAT_PLATFORM_PUBLIC_KEY_ID": "PUB_KEY_ID_SIM1"}, "E012", "simulator's keys"),
]


@pytest.mark.parametrize(("changes", "number", "words"), FAULTS)
def test_each_fault_has_its_id(
    settings: Any, changes: dict[str, Any], number: str, words: str
) -> None:
    found = faults(settings, **changes)
    assert [fault for fault, _ in found if fault == f"shop.{number}"] != []
    assert any(words in message for _, message in found)
    assert not any("canary" in message for _, message in found)


def test_one_key_for_two_purposes(settings: Any) -> None:
    key = settings.SIMPLE_JWT["SIGNING_KEY"]
    [fault] = faults(settings, SECRET_KEY=key)
    assert fault == ("shop.E006", "SECRET_KEY and JWT_SIGNING_KEY are the same")


def test_keys_of_another_kind(settings: Any) -> None:
    """Elliptic curves are keys in PEM too, but WeChat Pay's are RSA."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    found = faults(
        settings,
        WECHAT_MERCHANT_PRIVATE_KEY=private.decode(),
        WECHAT_PLATFORM_PUBLIC_KEY=public.decode(),
    )
    assert [fault for fault, _ in found] == ["shop.E004", "shop.E004"]


def test_passwords_in_urls_count(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "postgres")
    url = "redis://:change-me@cache:6379/0"
    monkeypatch.setitem(settings.CACHES["default"], "LOCATION", url)
    words = "is an example or repeats itself: make a random one"
    assert faults(settings) == [
        ("shop.E005", f"the password of {name} {words}")
        for name in ("DATABASE_URL", "VALKEY_URL")
    ]


def test_development_may_do_all_that(settings: Any) -> None:
    assert faults(settings, DEBUG=True, IS_DEVELOPMENT=True) == []


@pytest.mark.parametrize(
    "secret",
    [
        "please-ChangeMe-0123456789",
        "<a random text of 48 letters>",
        "your-secret-key-of-32-characters!",
        "django-insecure-4f8s0d9g",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "12121212121212121212121212121212",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_what_can_be_guessed(secret: str) -> None:
    assert is_guessable(secret)


@pytest.mark.parametrize(
    "secret", ["9f86d081884c7d659a2feaa0c55ad015", "hT-2_kq0Zr4VbY8mXw", "8413057629"]
)
def test_what_can_not(secret: str) -> None:
    assert not is_guessable(secret)


def test_no_secret_of_the_example_file_is_accepted() -> None:
    path = PROJECT / ".env.example"
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = [line.partition("=") for line in lines]
    named = re.compile(r"\w*(KEY|SECRET|TOKEN|PASSWORD)")
    secrets = {name: value for name, _, value in pairs if named.fullmatch(name)}
    accepted = [n for n, value in secrets.items() if value and not is_guessable(value)]
    assert accepted == []


def test_every_id_is_listed() -> None:
    source = (PROJECT / "shop" / "checks.py").read_text()
    ids = sorted(set(re.findall(r"shop\.E\d{3}", source)))
    listed = re.findall(r"^\| `(shop\.E\d{3})` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(listed) == ids
