"""What nobody may find in a log: secrets of the shop, of its staff, of shoppers."""

import json
import os
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import connection

from shop.checks import secrets_of_settings

# As people write them; each stands nowhere else.
LOGIN_CODE = "sim-canary-login-7f3a"
PHONE = "13987650321"
# In a path that a caller makes up.
PHONE_IN_PATH = "13987650322"
PERSON = {
    "name": "金丝雀甲",
    "phone": PHONE,
    "province": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "detail": "密语巷九号楼",
}
IDENTITY = "110101199003078515"
SAID = {
    "nickname": "金丝雀昵称",
    "remark": f"备注里的秘语 {IDENTITY}",
    "reason": "退款里的秘语",
    "review": "评价里的秘语",
    "search": "搜索里的秘语",
}
STAFF_PASSWORD = "canary-right-Pw-51"
WRONG_PASSWORD = "canary-wrong-Pw-52"
# A password typed where the name belongs.
NAME_TYPED = "canary-as-name-Pw-53"
METRICS_TOKEN = "canary-metrics-0f1e2d3c4b5a"

# What is found, and why it may be.
EXCEPTIONS = {
    (
        "nginx's logs",
        "phone in a path",
    ): "a path is logged as it came; no route of the shop has a person in its path",
    (
        "Valkey's keys and values",
        "WeChat's access token",
    ): "all processes share it for two hours; Valkey wants its own password",
}


def shop_secrets() -> dict[str, str]:
    """Return each secret of the settings; of a key in PEM, a line of its middle."""
    key = settings.WECHAT_MERCHANT_PRIVATE_KEY.splitlines()[5]
    return secrets_of_settings() | {"WECHAT_MERCHANT_PRIVATE_KEY": key}


def person_words() -> dict[str, str]:
    """Return what shoppers and staff have typed."""
    typed = {"login code": LOGIN_CODE, "phone": PHONE, "identity": IDENTITY}
    typed["phone in a path"] = PHONE_IN_PATH
    typed |= {f"address {key}": PERSON[key] for key in ("name", "detail")}
    typed |= {name: text.partition(" ")[0] for name, text in SAID.items()}
    return typed | {
        "staff password": STAFF_PASSWORD,
        "wrong password": WRONG_PASSWORD,
        "password as name": NAME_TYPED,
        "metrics token": METRICS_TOKEN,
    }


def postgres_said(since: int) -> str:
    """Return what PostgreSQL has logged since its log had that many bytes."""
    return postgres_log().read_bytes()[since:].decode()


def postgres_log() -> Path:
    return Path(os.environ["SHOP_TEST_SERVERS"]) / "postgres.log"


class Valkey:
    """The cache, asked for every command and every value; it is slow from 0 µs on."""

    def __init__(self) -> None:
        self._client = redis.Redis.from_url(os.environ["VALKEY_URL"])

    def __enter__(self) -> "Valkey":
        self._usual = self._client.config_get("slowlog-*")
        self._client.config_set("slowlog-max-len", 100_000)
        self._client.config_set("slowlog-log-slower-than", 0)
        self._client.slowlog_reset()
        return self

    def __exit__(self, *error: Any) -> None:
        for name, value in self._usual.items():
            self._client.config_set(name, value)
        self._client.slowlog_reset()
        self._client.close()

    def slowlog(self) -> str:
        return str(self._client.slowlog_get(100_000))

    def holdings(self) -> str:
        """Return every key and value, as bytes read in Latin letters."""
        found = []
        for key in self._client.scan_iter(count=1000):
            found.append(key)
            if self._client.type(key) == b"string":
                found.append(self._client.get(key) or b"")
        return b"\n".join(found).decode("utf-8", "replace")


def jobs() -> str:
    """Return every job that there was, with what it was given."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(j)::text FROM procrastinate_jobs j")
        return "\n".join(row for (row,) in cursor.fetchall())


def found_in(places: dict[str, str], words: dict[str, str]) -> list[tuple[str, str]]:
    """Return each place with the name of what stands in it."""
    return [
        (place, name)
        for place, text in places.items()
        for name, word in words.items()
        # JSON writes Chinese as it is, or in escapes.
        if word in text or json.dumps(word)[1:-1] in text
    ]
