import contextlib
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from conftest import wait_until
from shop.devstack.simulator.process import ROOT, SimulatorProcess

from .merchant import Merchant


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def own(folder):
    with SimulatorProcess(folder / "wechat.json", folder / "books.sqlite3") as process:
        yield process


def run(folder, *more):
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "shop.devstack.simulator",
            f"--world={folder / 'wechat.json'}",
            f"--books={folder / 'books.sqlite3'}",
            *more,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_kill_9_loses_nothing_that_was_answered(own):
    merchant = Merchant(own.world, own.base_url)
    paid, closed, waiting = (merchant.placed() for _ in range(3))
    own.pay(paid)
    merchant.close(closed)
    merchant.login("once-eve-1")
    before, port = own.state()["payments"], own.port
    own.kill()
    own.start()
    assert own.port == port
    assert own.state()["payments"] == before
    assert [merchant.query(one).json()["trade_state"] for one in (paid, closed)] == [
        "SUCCESS",
        "CLOSED",
    ]
    assert merchant.login("once-eve-1").json()["errcode"] == 40163
    assert own.pay(waiting) == own.payment(waiting)["transactionId"]


def test_kill_9_under_load_keeps_every_answered_payment(own):
    answered = []

    def place():
        merchant = Merchant(own.world, own.base_url)
        with contextlib.suppress(requests.ConnectionError):
            while True:
                number = merchant.placed()
                own.pay(number)
                answered.append(number)

    threads = [threading.Thread(target=place) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answered) > 10)
    own.kill()
    for thread in threads:
        thread.join()
    own.start()
    paid = {
        one["outTradeNo"]
        for one in own.state()["payments"]
        if one["tradeState"] == "SUCCESS"
    }
    assert set(answered) <= paid
    # With all their notifications under way.
    assert own.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_cleanly_and_finds_its_books(own, number):
    merchant = Merchant(own.world, own.base_url)
    order = merchant.placed()
    own.fault("query", "slow", seconds=60)
    with pytest.raises(OSError, match="timed out"):
        merchant.send(
            "GET",
            f"/v3/pay/transactions/out-trade-no/{order}?mchid=1",
            timeout=0.2,
        )
    assert own._end(number) == 0
    own.start()
    assert own.payment(order)["tradeState"] == "NOTPAY"


def test_ends_with_its_parent(own):
    own._process.stdin.close()
    assert own._process.wait(30) == 0


def test_a_port_in_use_is_one_line(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(folder, f"--port={port}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"simulator: port {port} on 127.0.0.1: ")
    assert ended.stderr.count("\n") == 1


def test_books_in_use_are_one_line(own, folder):
    ended = run(folder, "--port=0")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "books.sqlite3: database is locked" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["wechat.json", "books.sqlite3"])
def test_a_broken_file_is_one_line(folder, name):
    folder.mkdir()
    (folder / name).write_text("this is neither JSON nor a database\n" * 50)
    ended = run(folder, "--port=0")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert name in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_listens_on_loopback_alone(own):
    listening = Path(f"/proc/{own.pid}/net/tcp").read_text().split("\n")[1:]
    port = f":{own.port:04X}"
    found = [line.split()[1] for line in listening if port in line.split(" 0A ")[0]]
    assert found[:1] == [f"0100007F{port}"]


def test_files_are_the_owners_alone(own, folder):
    modes = {one.name: one.stat().st_mode & 0o777 for one in folder.iterdir()}
    assert modes["wechat.json"] == modes["books.sqlite3"] == 0o600


def test_one_connection_serves_many_requests(own):
    merchant = Merchant(own.world, own.base_url)
    connections = set()
    for _ in range(3):
        answer = merchant.http.get(
            own.base_url + "/_sim/state", stream=True, timeout=60
        )
        connections.add(answer.raw._connection.sock.getsockname())
        assert answer.json()["payments"] == []
    assert len(connections) == 1


def test_an_empty_204_keeps_the_connection_in_step(own):
    merchant = Merchant(own.world, own.base_url)
    numbers = [merchant.placed() for _ in range(3)]
    assert [merchant.close(number).status_code for number in numbers] == [204] * 3
    assert merchant.query(numbers[0]).json()["trade_state"] == "CLOSED"


def test_stays_small(own):
    merchant = Merchant(own.world, own.base_url)
    for _ in range(20):
        own.pay(merchant.placed())
    lines = Path(f"/proc/{own.pid}/status").read_text().splitlines()
    resident = next(line for line in lines if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 45 * 1024


@pytest.mark.parametrize("length", ["-1", "x", "999999999"])
def test_a_body_of_no_sane_length_is_refused(own, length):
    with socket.create_connection(("127.0.0.1", own.port), 5) as link:
        link.sendall(
            f"POST /_sim/pay HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        assert link.recv(100).split()[1] in (b"411", b"413")


def test_stands_alone():
    program = (
        "import sys, shop.devstack.simulator.__main__;"
        "roots = {name.partition('.')[0] for name in sys.modules};"
        "print(sorted(roots & {'django', 'wechatpayv3', 'requests'}),"
        " sorted(n for n in sys.modules if n.startswith('shop')"
        " and not n.startswith('shop.devstack.simulator')))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == "[] ['shop', 'shop.devstack']\n"
