"""Sentry by setting only: what a real HTTP sink gets, and what it never gets."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shop.tests.sentry_sink import sentry_sink
from shop.tests.test_start import WSGI, assert_refused, start
from shop.tests.web_process import database_url

CANARY = "canary-of-a-caller"
PHONE = "13987654321"


@pytest.fixture
def sink() -> Iterator[tuple[str, list[Any]]]:
    """Its DSN, and the parts of all envelopes."""
    with sentry_sink() as sink:
        yield sink


SCRIPT = f"""
import logging
import shop.wsgi
import sentry_sdk
from django.conf import settings
from django.test import Client
settings.ROOT_URLCONF = "shop.tests.broken_urls"
client = Client(raise_request_exception=False, HTTP_HOST="127.0.0.1")
client.get("/api/config", HTTP_HOST="evil.example")
sent = {{
    "headers": {{
        "Authorization": "Other {CANARY}",
        "Cookie": "__Host-sessionid={CANARY}",
    }},
    "query_params": {{"phone": "{PHONE}", "token": "{CANARY}"}},
}}
client.get("/api/broken/crash", **sent)
client.get("/outside/crash", **sent)
client.get("/api/row", **sent)
client.post("/api/broken-plain/crash", {{"password": "{CANARY}"}}, headers={{}})
secret = "{CANARY}"
try:
    raise ValueError(f"https://api.weixin.qq.com/x?secret={{settings.WECHAT_SECRET}}")
except ValueError:
    logging.getLogger("shop").exception("openid=%s of %s", secret, "{PHONE}")
logging.getLogger("shop").warning("no error")
sentry_sdk.flush()
"""


@pytest.mark.usefixtures("transactional_db")
def test_crashes_arrive_without_what_was_sent(sink: tuple[str, list[Any]]) -> None:
    dsn, got = sink
    run = start(("-c", SCRIPT), SENTRY_DSN=dsn, DATABASE_URL=database_url())
    assert run.returncode == 0, run.stderr
    events = [part for part in got if "level" in part]
    assert len(events) == 5
    errors = [
        exception["type"]
        for event in events
        for exception in event.get("exception", {}).get("values", [])
    ]
    assert errors.count("ValueError") == 4
    assert {event["environment"] for event in events} == {"development"}
    assert all(set(event["request"]) <= {"method", "url"} for event in events)
    assert not any({"user", "extra", "breadcrumbs"} & set(event) for event in events)
    last = events[-1]
    assert last["logentry"] == {"message": "openid=*** of ***"}
    assert last["exception"]["values"][0]["value"] == "https://api.weixin.qq.com/x"
    frame = events[0]["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert frame["function"] == "get"
    assert "vars" not in frame
    # The script itself stands in no file, so no line of its source is sent.
    text = json.dumps(got, ensure_ascii=False)
    assert [word for word in (CANARY, PHONE, "DETAIL:  ") if word in text] == []


def test_without_a_dsn_nothing_is_loaded() -> None:
    code = "import sys, shop.wsgi; print('sentry_sdk' in sys.modules)"
    assert start(("-c", code)).stdout == "False\n"


def test_a_dsn_that_is_none_stops_the_start() -> None:
    run = start(WSGI, SENTRY_DSN="https://s3cret")
    assert_refused(run, "configuration error: SENTRY_DSN must be https://key@host/1")
