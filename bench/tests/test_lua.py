"""What wrk's scripts send, seen by a server that answers anything."""

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bench.figures import Figure
from bench.loads import Load
from bench.scales import Scale
from bench.visits import Visits
from shop.devstack.ports import HOST

SCALE = Scale("tiny", "", 9, 9, 2, 1, 1)
ENOUGH = 40


class Recorder(BaseHTTPRequestHandler):
    """Keeps the first requests; refuses the one whose path says so."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, dict[str, str], Any]] = []

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        if len(self.seen) < ENOUGH:
            self.seen.append((self.command, self.path, dict(self.headers), body))
        self.send_response(404 if "page=5" in self.path else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Bears 32 connections at once, and that wrk hangs up."""

    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        pass


@pytest.fixture
def visits(tmp_path: Path) -> Iterator[Visits]:
    if not shutil.which("wrk"):
        pytest.skip("wrk is not installed")
    Recorder.seen = []
    server = Server((HOST, 0), Recorder)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    tokens = tmp_path / "tokens"
    tokens.write_text("one\ntwo\n")
    try:
        yield Visits(f"http://{HOST}:{server.server_port}", SCALE, tokens, tmp_path)
    finally:
        server.shutdown()
        server.server_close()


def run(load: Load) -> tuple[Figure, list[tuple[str, str, dict[str, str], Any]]]:
    figure = load.run(1)
    assert figure.requests >= ENOUGH
    assert figure.p99 is not None
    return figure, Recorder.seen


def test_orders_are_each_of_the_next_shopper_and_under_a_key_of_its_own(
    visits: Visits,
) -> None:
    figure, seen = run(visits.orders(2))
    assert figure.errors == 0
    assert {(method, path) for method, path, *_ in seen} == {("POST", "/api/orders")}
    headers = [headers for _, _, headers, _ in seen]
    assert {one["Authorization"] for one in headers} == {"Bearer one", "Bearer two"}
    assert len({one["Idempotency-Key"] for one in headers}) == ENOUGH
    for *_, body in seen:
        products = {line["productId"] for line in body["items"]}
        assert len(products) == 2
        assert products <= set(range(1, 10))
        assert all(line["skuId"] == line["productId"] for line in body["items"])


def test_hot_orders_are_of_one_product(visits: Visits) -> None:
    _, seen = run(visits.orders(0))
    lines = [body["items"] for *_, body in seen]
    assert lines == [[{"productId": 1, "skuId": 1, "quantity": 1}]] * ENOUGH


def test_profiles_are_those_of_all(visits: Visits) -> None:
    _, seen = run(visits.profiles())
    assert {path for _, path, *_ in seen} == {"/api/auth/user"}
    assert {headers["Authorization"] for _, _, headers, _ in seen} == {
        "Bearer one",
        "Bearer two",
    }


def test_paths_come_in_turn_and_a_refusal_is_an_error(visits: Visits) -> None:
    figure, seen = run(visits.categories())
    assert len({path for _, path, *_ in seen}) > 20
    assert all(headers["X-Forwarded-Proto"] == "https" for _, _, headers, _ in seen)
    # A fifth of the pages is refused.
    assert 0.1 < figure.errors / figure.requests < 0.3


def test_no_word_comes_twice(visits: Visits) -> None:
    words = visits.fresh_words()
    words.per_second = 30
    words.run(1)
    asked = words.path.read_text().splitlines()
    left = [f"/api/products?keyword={quote(word)}" for word in words.words]
    assert (len(asked), len(left)) == (30, 500 * 500 - 30)
    assert len({*asked, *left}) == 500 * 500
