"""X-Request-ID: kept when it is sane, made when not, on every answer and log line."""

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from shop.logs.formatters import ReadableFormatter

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return what the shop's own handler writes from now on."""
    [handler] = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, ReadableFormatter)
    ]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    stream = handler.setStream(written)
    yield written
    handler.setStream(stream)


@pytest.mark.parametrize("sent", ["a", "a" * 64, "01-AZ.az_9"])
def test_sane_ids_are_kept(api: APIClient, sent: str) -> None:
    for url in ("/api/config", "/api/nothing", "/healthz", "/api/orders", "/x"):
        assert api.get(url, HTTP_X_REQUEST_ID=sent).headers["X-Request-ID"] == sent


@pytest.mark.parametrize(
    "sent", ["", "a" * 65, "a b", "a\n", "龙井", "a\r\nX-Evil: 1", "<script>", "\x00"]
)
def test_other_ids_are_replaced(api: APIClient, sent: str) -> None:
    ids = {api.get("/api/config", HTTP_X_REQUEST_ID=sent)["X-Request-ID"] for _ in "ab"}
    assert len(ids) == 2
    assert all(MADE.fullmatch(one) for one in ids)


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        ("/api/broken/crash", {}),
        ("/api/broken-plain/crash", {}),
        ("/api/nothing", {}),
        ("/api/config", {"HTTP_HOST": "evil.example"}),
        ("/outside/crash", {}),
        ("/nowhere", {}),
    ],
)
def test_log_lines_carry_it(
    api: APIClient, settings: Any, log: io.StringIO, url: str, extra: dict[str, str]
) -> None:
    settings.ROOT_URLCONF = "shop.tests.broken_urls"
    api.raise_request_exception = False
    response = api.get(url, HTTP_X_REQUEST_ID="seen-42", **extra)
    assert response.headers["X-Request-ID"] == "seen-42"
    lines = [line for line in log.getvalue().splitlines() if line.startswith("20")]
    assert len(lines) == 1
    assert " [seen-42] " in lines[0]


def test_a_crash_is_logged_with_its_traceback(
    api: APIClient, settings: Any, log: io.StringIO
) -> None:
    settings.ROOT_URLCONF = "shop.tests.broken_urls"
    api.get("/api/broken/crash")
    assert "ValueError: s3cret of a crash" in log.getvalue()


def test_what_outsiders_cause_is_one_line(api: APIClient, log: io.StringIO) -> None:
    api.get("/api/config", HTTP_HOST="evil.example\nfake line")
    api.get("/api/%0d%0afake")
    assert len(log.getvalue().splitlines()) == 2


def test_refusals_are_not_logged(api: APIClient, log: io.StringIO) -> None:
    api.get("/api/orders")
    api.post("/api/auth/login", {}, format="json")
    assert log.getvalue() == ""
