"""The whole stack, really started: one copy per data and port, and no orphan."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import wait_until
from shop.devstack.parts import PROGRAM_STOP_SECONDS, SERVER_STOP_SECONDS
from shop.devstack.ports import port_claim
from shop.devstack.programs import PROJECT
from shop.devstack.stack import LAST_KILL_SECONDS

from .conftest import MARKS
from .path import path_walk
from .stack_process import STOP_SECONDS, StackProcess, still_alive

pytestmark = MARKS


@pytest.fixture
def fresh(folder: Path, running: StackProcess) -> Iterator[StackProcess]:
    """A stack of its own on the data of the first one, which has ended."""
    running.discard()
    stack = StackProcess(folder).start()
    yield stack
    stack.discard()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_ready_line_tells_the_address_that_answers(running: StackProcess) -> None:
    address = f"http://127.0.0.1:{running.port}"
    assert running.text.count("ready:") == 1
    assert f"\nready: {address}\n" in running.text
    with urllib.request.urlopen(f"{address}/readyz") as answer:  # noqa: S310
        assert answer.status == 200


def sent(port: int, request: bytes) -> tuple[str, dict[str, str], Any]:
    """Send the bytes; return the status line, the headers and the JSON body."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(request)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status, dict(one.split(": ", 1) for one in lines), json.loads(body)


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /api/products?keyword=" + b"x" * 5000 + b" HTTP/1.1\r\n",
        b"GET /api/products HTTP/1.1\r\n" + b"A: b\r\n" * 70,
        b"GET /api/products HTTP/1.1\r\nA: " + b"b" * 9000 + b"\r\n",
        b"POST /api/orders HTTP/1.1\r\nTransfer-Encoding: gzip\r\n",
        b"POST /api/orders HTTP/1.1\r\nContent-Length: -1\r\n",
        "GET /api/products?keyword=茶 HTTP/1.1\r\n".encode(),
        b"nonsense\r\n",
    ],
    ids=["line", "headers", "header", "coding", "length", "bytes", "nonsense"],
)
def test_what_gunicorn_refuses_is_enveloped(
    running: StackProcess, request_head: bytes
) -> None:
    status, headers, body = sent(running.port, request_head + b"Host: a\r\n\r\n")
    assert status == "HTTP/1.1 400 Bad Request"
    assert headers["Content-Type"] == "application/json"
    assert len(headers["X-Request-ID"]) == 32
    assert body == {
        "code": 400,
        "message": "请求格式错误",
        "data": {"error": "bad_request"},
    }


def test_output_names_every_address_and_the_staff_account(
    running: StackProcess, folder: Path
) -> None:
    address = f"http://127.0.0.1:{running.port}"
    name, password = (folder / "staff.txt").read_text().split()
    for expected in (
        f"shop       {address}\n",
        f"API        {address}/api/docs\n",
        f"admin      {address}/admin/\n",
        f"simulator  http://127.0.0.1:{running.simulator_port}\n",
        f"staff      {name} {password}\n",
    ):
        assert expected in running.text


def test_staff_account_may_do_everything(running: StackProcess, folder: Path) -> None:
    name, password = (folder / "staff.txt").read_text().split(" ")
    session = post(
        running,
        "/api/auth/staff/login",
        {"username": name, "password": password.strip()},
    )
    product = post(
        running,
        "/api/products",
        {"name": "茶壶", "price": "10.50", "stock": 3, "status": "off_sale"},
        token=session["token"],
    )
    assert (product["price"], product["stock"]) == ("10.50", 3)


def post(
    stack: StackProcess, path: str, body: dict[str, Any], token: str = ""
) -> dict[str, Any]:
    """Call the running shop; anything but success raises."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.port}{path}", json.dumps(body).encode(), headers
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        data: dict[str, Any] = json.load(answer)["data"]
    return data


def test_demo_shop_is_loaded(running: StackProcess) -> None:
    url = f"http://127.0.0.1:{running.port}/api/products"
    with urllib.request.urlopen(url) as answer:
        assert json.load(answer)["data"]["pagination"]["total"] > 0


def test_from_the_home_page_to_the_refund(running: StackProcess, folder: Path) -> None:
    path_walk(running, folder)


def test_secrets_are_private(running: StackProcess, folder: Path) -> None:
    assert mode_of(folder) == 0o700
    for name in ("staff.txt", "wechat.json", "secrets.json", "run.json"):
        assert mode_of(folder / name) == 0o600, name
    assert set(json.loads((folder / "wechat.json").read_text())) == {
        "appid",
        "secret",
        "mchid",
        "apiV3Key",
        "merchantSerial",
        "merchantPrivateKey",
        "platformPublicKeyId",
        "platformPublicKey",
        "platformPrivateKey",
    }


def test_only_loopback_is_listened_on(running: StackProcess) -> None:
    ours = {facts.pid for facts in running.below()}
    text = subprocess.run(
        [sys.executable, "-c", LISTENERS, *map(str, ours)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {line.split(":")[0] for line in text.split()} == {"127.0.0.1"}


LISTENERS = """
import sys, psutil
for pid in map(int, sys.argv[1:]):
    try:
        connections = psutil.Process(pid).net_connections("inet")
    except psutil.NoSuchProcess:  # Such as a backend of PostgreSQL's.
        continue
    for c in connections:
        if c.status == "LISTEN":
            print(f"{c.laddr.ip}:{c.laddr.port}")
"""


def test_second_copy_on_the_same_data_is_refused(
    running: StackProcess, folder: Path
) -> None:
    second = StackProcess(folder).start()
    assert second.process.wait(timeout=STOP_SECONDS) == 1
    expected = f"error: another copy is running with SHOP_DATA {folder}\n"
    assert second.text == expected
    assert running.process.poll() is None


@pytest.mark.parametrize("name", ["PORT", "SIMULATOR_PORT"])
def test_second_copy_on_the_same_port_is_refused(
    running: StackProcess, tmp_path: Path, name: str
) -> None:
    second = StackProcess(tmp_path / "data", **{name: str(running.port)}).start()
    assert second.process.wait(timeout=STOP_SECONDS) == 1
    assert second.text == (
        f"error: {name} {running.port} cannot be used, does another copy run? "
        "(Address already in use)\n"
    )
    assert running.process.poll() is None


def test_manage_reaches_the_running_shop(running: StackProcess, folder: Path) -> None:
    done = manage(folder, "shell", "--command", "print(6 * 7)")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "42")


def test_sigterm_stops_everything(running: StackProcess, folder: Path) -> None:
    before = running.below()
    assert len(before) > 5
    assert running.stop(signal.SIGTERM) == 0
    assert still_alive(before) == []
    port_claim(running.port).close()
    port_claim(running.simulator_port).close()
    done = manage(folder, "check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: no shop runs with SHOP_DATA {folder}: start it, make run\n"
    )


def test_stop_takes_less_than_the_ten_seconds_of_docker_and_systemd() -> None:
    longest = PROGRAM_STOP_SECONDS + SERVER_STOP_SECONDS + LAST_KILL_SECONDS
    assert longest <= 10


def test_restart_finds_its_data(fresh: StackProcess, folder: Path) -> None:
    staff = (folder / "staff.txt").read_text()
    secrets = (folder / "secrets.json").read_text()
    fresh.wait_ready()
    assert (folder / "staff.txt").read_text() == staff
    assert (folder / "secrets.json").read_text() == secrets


def test_signal_during_the_start_stops_everything(fresh: StackProcess) -> None:
    wait_until(lambda: "Valkey" in fresh.text)
    before = fresh.below()
    assert before != []
    assert fresh.stop(signal.SIGHUP) == 0
    assert "ready:" not in fresh.text
    assert still_alive(before) == []


def test_hang_up_that_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    script = f"""
import signal
from pathlib import Path
from shop.devstack.stack import Stack, StackOptions
signal.signal(signal.SIGHUP, signal.SIG_IGN)
Stack(StackOptions(1, 2, Path({str(tmp_path)!r})))._signals_handle()
print([signal.getsignal(n) == signal.SIG_IGN for n in (signal.SIGHUP, signal.SIGINT)])
"""
    told = subprocess.check_output(
        [sys.executable, "-c", script], cwd=PROJECT, text=True
    )
    assert told == "[True, False]\n"


def manage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a manage.py command on the shop with that data."""
    return subprocess.run(
        [sys.executable, "-m", "shop.devstack", "manage", *arguments],
        env={**os.environ, "SHOP_DATA": str(folder)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
