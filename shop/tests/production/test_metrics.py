"""A production node's figures: who gets them, and what they count."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import wait_until
from shop.tests.production.conftest import (
    BEARER,
    BEHIND_PROXY,
    MARKS,
    TOKEN,
)
from shop.tests.web_process import WebProcess

pytestmark = MARKS


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
    wait_until(lambda: places() == {"histogram_web0.db", "histogram_web1.db"})
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
    wait_until(lambda: len(new := node.workers()) == 2 and not set(new) & set(workers))
    wait_until(lambda: node._answers())
    ask_both(node, 10)
    assert figures(node)[CONFIG] == before + 10
    assert len(list(figures_folder(node).glob("histogram_web*.db"))) == 2


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
