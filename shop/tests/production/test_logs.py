"""A production node's logs: lines of JSON, on its outputs or in files."""

import json
import re
from pathlib import Path
from typing import Any

from conftest import wait_until
from shop.tests.production.conftest import BEHIND_PROXY, MARKS
from shop.tests.test_start import WSGI, assert_refused, start
from shop.tests.web_process import WebProcess

pytestmark = MARKS


def log_lines(node: WebProcess, name: str) -> list[dict[str, Any]]:
    """Return the lines; those in which one is no JSON fail the test."""
    return [json.loads(line) for line in (node.folder / name).read_text().splitlines()]


def test_each_request_is_one_json_line(node: WebProcess) -> None:
    node.get("/api/products/7?secret=s3cret", **BEHIND_PROXY, **{"X-Request-ID": "r-7"})
    [line] = wait_until(
        lambda: [x for x in log_lines(node, "out") if x["request_id"] == "r-7"]
    )
    assert list(line) == [
        "time", "level", "logger", "request_id", "user_id", "route", "method", "path",
        "status", "milliseconds", "bytes", "client",
    ]  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+08:00", line.pop("time"))
    assert line.pop("milliseconds") > 0
    assert line.pop("bytes") > 50
    assert line == {
        "level": "INFO",
        "logger": "shop.access",
        "request_id": "r-7",
        "user_id": None,
        "route": "/api/products/{pk}",
        "method": "GET",
        "path": "/api/products/7",
        "status": 404,
        "client": "198.51.100.7",
    }


def test_all_else_is_json_on_the_error_output(node: WebProcess) -> None:
    """Gunicorn's own lines too, and no access line among them."""
    node.get("/api/config", **BEHIND_PROXY | {"Host": "evil.example"})
    lines = log_lines(node, "err")
    assert {"gunicorn.error", "django.security.DisallowedHost"} <= {
        line["logger"] for line in lines
    }
    assert {"time", "level", "logger", "message"} <= set(lines[0])
    assert not any(line["logger"] == "shop.access" for line in lines)


def test_a_log_folder_that_is_none_stops_the_start(tmp_path: Path) -> None:
    run = start(WSGI, LOG_DIR=str(tmp_path / "none"))
    assert_refused(
        run, "configuration error: LOG_DIR must be a folder that can be written"
    )
