"""A production node over real HTTP: health, metrics, logs."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection

from shop.devstack.programs import PROJECT
from shop.tests.test_start import PRODUCTION, WSGI, assert_refused, start
from shop.tests.web_process import WebProcess

TOKEN = "scrape-4f8s0d9gk3Lq7"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BEHIND_PROXY = {
    "Host": "shop.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "198.51.100.7",
}
# Marked django_db, so that the database is made whichever of these tests are run.
pytestmark = [pytest.mark.xdist_group("production"), pytest.mark.django_db]


@pytest.fixture(scope="module")
def node(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[WebProcess]:
    """A production node of two processes."""
    folder = tmp_path_factory.mktemp("node")
    own = {"METRICS_TOKEN": TOKEN, "GUNICORN_WORKERS": "2", "GUNICORN_THREADS": "2"}
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            # Tests of the worker leave rows that no test's end takes away.
            cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
        with WebProcess(folder, **PRODUCTION, **own) as node:
            yield node


def eventually(found: Callable[[], Any]) -> Any:
    """Wait for what another process does; a minute is the failure."""
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


# --- asked by a balancer: plain HTTP, by address ------------------------------------


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "127.0.0.1", "web-1.internal"])
def test_a_balancer_may_ask_by_any_address(node: WebProcess, host: str) -> None:
    for path in ("/healthz", "/readyz"):
        answer = node.get(path, Host=host)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok"), path
    assert node.get("/metrics", Host=host, **BEARER).status_code == 200


def test_a_container_asks_itself(node: WebProcess) -> None:
    command = [sys.executable, "deploy/healthcheck.py"]
    env = {"GUNICORN_BIND": node.address}
    for path, status in (("/healthz", 0), ("/readyz", 0), ("/api/config", 1)):
        done = subprocess.run([*command, path], cwd=PROJECT, env=env, check=False)
        assert done.returncode == status, path


def test_nothing_else_is_answered_so(node: WebProcess) -> None:
    for path in ("/api/config", "/admin/", "/healthz/"):
        assert node.get(path, Host="10.0.0.7:8000").status_code == 400
    refused = node.get("/api/config", **BEHIND_PROXY | {"Host": "10.0.0.7"})
    assert (refused.status_code, refused.json()["data"]) == (
        400,
        {"error": "bad_request"},
    )
    redirected = node.get("/api/config", Host="shop.example")
    assert redirected.headers["Location"] == "https://shop.example/api/config"
    assert node.get("/api/config", **BEHIND_PROXY).status_code == 200


# --- metrics ------------------------------------------------------------------------


def figures(node: WebProcess) -> dict[str, float]:
    answer = node.get("/metrics", **BEARER)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines)}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "龙".encode()},
    ],
)
def test_without_the_token_there_is_no_such_page(
    node: WebProcess, sent: dict[str, Any]
) -> None:
    answer = node.get("/metrics", **sent)
    assert (answer.status_code, answer.json()["data"]) == (404, {"error": "not_found"})


CONFIG = 'shop_request_seconds_count{method="GET",route="/api/config",status="200"}'
DETAIL = (
    'shop_request_seconds_count{method="GET",route="/api/products/{pk}",status="404"}'
)
NOWHERE = 'shop_request_seconds_count{method="other",route="unmatched",status="404"}'


def ask_both(node: WebProcess, times: int) -> None:
    """Ask on fresh connections, so that both processes are asked."""
    for _ in range(times):
        requests.get(
            f"http://{node.address}/api/config", headers=BEHIND_PROXY, timeout=30
        )


def test_both_processes_are_added_up(node: WebProcess) -> None:
    before = figures(node).get(CONFIG, 0)
    asked = 0

    def places() -> set[str]:
        nonlocal asked
        ask_both(node, 1)
        asked += 1
        return {path.name for path in figures_folder(node).glob("histogram_web*.db")}

    # Which process takes a connection is the system's choice.
    eventually(lambda: places() == {"histogram_web0.db", "histogram_web1.db"})
    assert figures(node)[CONFIG] == before + asked


def figures_folder(node: WebProcess) -> Path:
    """Find it through the files that are open: one process may not have served yet."""
    maps = "".join(Path(f"/proc/{pid}/maps").read_text() for pid in node.workers())
    return Path(re.findall(r"\S*shop-metrics-\S+\.db", maps)[0]).parent


def test_figures_outlive_their_process(node: WebProcess) -> None:
    ask_both(node, 10)
    before = figures(node)[CONFIG]
    workers = node.workers()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(new := node.workers()) == 2 and not set(new) & set(workers))
    eventually(lambda: node._answers())
    ask_both(node, 10)
    assert figures(node)[CONFIG] == before + 10
    assert len(list(figures_folder(node).glob("histogram_web*.db"))) == 2


def test_figures_survive_a_reload(transactional_db: None, tmp_path: Path) -> None:
    own = {"METRICS_TOKEN": TOKEN, "GUNICORN_WORKERS": "1"}
    with WebProcess(tmp_path, **PRODUCTION, **own) as node:
        ask_both(node, 3)
        [worker] = node.workers()
        node.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(new := node.workers()) == 1 and new != [worker])
        ask_both(node, 3)
        assert figures(node)[CONFIG] == 6


def test_routes_are_templates_and_made_up_methods_are_one(node: WebProcess) -> None:
    before = figures(node)
    for number in (1, 2, 3):
        assert node.get(f"/api/products/{number}", **BEHIND_PROXY).status_code == 404
    url = f"http://{node.address}/nowhere/13912345678"
    for method in ("BREW", "WHEN"):
        node.http.request(method, url, headers=BEHIND_PROXY, timeout=30)
    found = figures(node)
    assert found[DETAIL] == before.get(DETAIL, 0) + 3
    assert found[NOWHERE] == before.get(NOWHERE, 0) + 2
    assert not any("13912345678" in name for name in found)


def test_parts_are_told(node: WebProcess) -> None:
    found = figures(node)
    assert found["shop_database_up"] == 1
    assert found["shop_cache_up"] == 1
    assert found["shop_worker_up"] == 0
    assert found['shop_jobs{status="waiting"}'] == 0
    assert found["shop_oldest_job_seconds"] == 0


# --- logs ---------------------------------------------------------------------------


def log_lines(node: WebProcess, name: str) -> list[dict[str, Any]]:
    """Return the lines; those in which one is no JSON fail the test."""
    return [json.loads(line) for line in (node.folder / name).read_text().splitlines()]


def test_each_request_is_one_json_line(node: WebProcess) -> None:
    node.get("/api/products/7?secret=s3cret", **BEHIND_PROXY, **{"X-Request-ID": "r-7"})
    [line] = eventually(
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


def test_files_instead_of_streams_and_logrotate(
    transactional_db: None, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    own = {"LOG_DIR": str(logs), "GUNICORN_WORKERS": "1"}
    with WebProcess(tmp_path, **PRODUCTION, **own) as node:
        access = logs / "access.log"
        access.rename(logs / "access.log.1")
        node.get("/healthz", **{"X-Request-ID": "after"})
        eventually(access.exists)
        assert "after" in eventually(access.read_text)
        assert "after" not in (logs / "access.log.1").read_text()
    assert '"logger":"gunicorn.error"' in (logs / "app.log").read_text()
    assert (tmp_path / "out").read_text() == (tmp_path / "err").read_text() == ""


def test_a_log_folder_that_is_none_stops_the_start(tmp_path: Path) -> None:
    run = start(WSGI, LOG_DIR=str(tmp_path / "none"))
    assert_refused(
        run, "configuration error: LOG_DIR must be a folder that can be written"
    )
