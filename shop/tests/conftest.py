"""Parts that are away or hang, and the counting of requests at a still clock."""

import io
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

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
def database_away(
    transactional_db: None, dead_port: int
) -> Iterator[Callable[[], None]]:
    """Return what leads this thread's connection to a dead port."""
    port = connection.settings_dict["PORT"]

    def lead_away() -> None:
        connection.close()
        connection.settings_dict["PORT"] = str(dead_port)

    yield lead_away
    connection.close()
    connection.settings_dict["PORT"] = port


@pytest.fixture
def limit(settings: Any, still_clock: int) -> Callable[..., None]:
    """Return what sets how many requests a scope allows."""

    def set_limits(**counts: int) -> None:
        rates = {scope: f"{count}/900s" for scope, count in counts.items()}
        settings.RATELIMITS = settings.RATELIMITS | rates

    return set_limits
