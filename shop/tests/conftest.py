"""Parts that are away or hang, and the counting of requests at a still clock."""

import io
import json
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from PIL import Image

from shop import health

MESSAGES = {
    400: "请求格式错误",
    401: "未登录",
    403: "没有权限",
    404: "资源不存在",
    405: "请求方法不允许",
    413: "请求内容过大",
    415: "不支持的内容类型",
    429: "请求过于频繁,请稍后再试",
    500: "服务器错误,请稍后重试",
}


def assert_envelope(response: Any, status: int, error: str, message: str = "") -> Any:
    """Check a refusal from the status line to the last key; return its data."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"].startswith("application/json")
    assert response.headers["X-Request-ID"]
    body = response.json()
    assert list(body) == ["code", "message", "data"]
    assert body["code"] == status
    assert body["message"] == (message or MESSAGES[status])
    assert body["data"]["error"] == error
    return body["data"]


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """Return the published schema; the command fails on any warning."""
    out = io.StringIO()
    options = ("--validate", "--fail-on-warn", "--format", "openapi-json")
    call_command("spectacular", *options, stdout=out)
    loaded: dict[str, Any] = json.loads(out.getvalue())
    return loaded


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def dead_port() -> Iterator[int]:
    """Return a port that refuses connections while the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def hanging_port() -> Iterator[int]:
    """Return a port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        yield listening.getsockname()[1]


@pytest.fixture
def valkey_at(settings: Any, cache_options: dict[str, Any]) -> Callable[[int], None]:
    """Return what leads the cache to a port, with the shop's own patience."""

    def lead(port: int) -> None:
        url = f"redis://127.0.0.1:{port}/0"
        changed = {"LOCATION": url, "OPTIONS": cache_options}
        settings.CACHES = {
            alias: options | changed for alias, options in settings.CACHES.items()
        }

    return lead


@pytest.fixture
def broken(settings: Any) -> None:
    """Lead to views that fail."""
    settings.ROOT_URLCONF = "shop.tests.broken_urls"


@pytest.fixture
def database_led(transactional_db: None) -> Iterator[Callable[..., None]]:
    """Return what leads this thread's connection elsewhere while the test runs."""
    usual = dict(connection.settings_dict)

    def lead(**elsewhere: str) -> None:
        connection.close()
        connection.settings_dict.update(elsewhere)

    yield lead
    connection.close()
    connection.settings_dict.update(usual)


@pytest.fixture
def database_away(
    database_led: Callable[..., None], dead_port: int
) -> Callable[[], None]:
    """Return what leads this thread's connection to a dead port."""
    return partial(database_led, PORT=str(dead_port))


@pytest.fixture
def database_empty(
    database_led: Callable[..., None], monkeypatch: Any
) -> Callable[[], None]:
    """Return what leads this thread's connection to a database without tables.

    This process has seen them already, unlike one that has just started.
    """
    monkeypatch.setattr(health, "_migrated", False)
    return partial(database_led, NAME="postgres")


@pytest.fixture(params=["database_away", "database_empty"])
def database_useless(
    transactional_db: None, request: pytest.FixtureRequest
) -> Callable[[], None]:
    """Return what takes the database away, or its tables."""
    lead: Callable[[], None] = request.getfixturevalue(request.param)
    return lead


@pytest.fixture
def limit(settings: Any, still_clock: int) -> Callable[..., None]:
    """Return what sets how many requests a scope allows."""

    def set_limits(**counts: int) -> None:
        rates = {scope: f"{count}/900s" for scope, count in counts.items()}
        settings.RATELIMITS = settings.RATELIMITS | rates

    return set_limits
