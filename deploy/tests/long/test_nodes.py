"""Two web nodes behind nginx: one taken out, one killed, one hanging."""

import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import wait_until
from deploy.tests.node import Node
from deploy.tests.site import Site, assert_envelope
from deploy.tests.test_nodes import UNAVAILABLE
from orders.tests.conftest import ADDRESS
from shop.devstack.ports import HOST

pytestmark = pytest.mark.xdist_group("nginx")


class Load:
    """Shoppers who ask all the time, each from an address of its own."""

    def __init__(self, site: Site, requests: list[tuple[str, str, Any]], token: str):
        self.answers: list[tuple[str, int]] = []
        self._site, self._requests, self._token = site, requests, token
        self._is_over = threading.Event()
        self._shoppers = [
            threading.Thread(target=self._ask, args=(f"127.0.2.{number}",))
            for number in range(1, 5)
        ]

    def _ask(self, source: str) -> None:
        while not self._is_over.is_set():
            for method, path, body in self._requests:
                answer = self._site.call(
                    method, path, body, token=self._token, source=source
                )
                self.answers.append((method, answer.status))

    def __enter__(self) -> "Load":
        for shopper in self._shoppers:
            shopper.start()
        self.wait_for(8)
        return self

    def wait_for(self, more: int) -> None:
        """Wait until so many more answers have come."""
        seen = len(self.answers)
        wait_until(lambda: len(self.answers) >= seen + more, "no answers any more")

    def __exit__(self, *exception: Any) -> None:
        self._is_over.set()
        for shopper in self._shoppers:
            shopper.join()


def test_a_node_is_taken_out_without_a_failed_request(
    site: Site,
    nodes: tuple[Node, Node],
    token: str,
    product_make: Callable[..., Any],
) -> None:
    items = [{"productId": product_make().pk, "quantity": 1}]
    preview = {"items": items, "address": ADDRESS}
    requests = [
        ("GET", "/api/orders", None),
        ("POST", "/api/orders/preview", preview),
    ]
    first, second = nodes
    with Load(site, requests, token) as load:
        site.lead_to(first, second, down=first)
        site.reload()
        assert first.stop() == 0
        served = second.served
        load.wait_for(20)
        assert second.served > served
        first.start()
        site.lead_to(first, second)
        site.reload()
        served = first.served
        wait_until(lambda: first.served > served, "the node is not taken back")
    assert set(load.answers) == {("GET", 200), ("POST", 200)}


def test_a_node_that_is_killed_fails_no_read(
    site: Site, nodes: tuple[Node, Node], token: str
) -> None:
    with Load(site, [("GET", "/api/orders", None)], token) as load:
        nodes[0].stop(signal.SIGKILL)
        load.wait_for(40)
    assert set(load.answers) == {("GET", 200)}


def test_a_node_that_hangs_is_503_in_the_end(
    site: Site, nodes: tuple[Node, Node], token: str, tmp_path: Path
) -> None:
    """With shorter times than kept, so that nobody waits."""
    proxy = site.conf / "shop" / "proxy.conf"
    text = proxy.read_text()
    hanging = socket.socket()
    hanging.bind((HOST, 0))
    hanging.listen()
    silent = Node(tmp_path / "silent", {})
    silent.port = hanging.getsockname()[1]
    try:
        proxy.write_text(text.replace("read_timeout 35s", "read_timeout 1s"))
        site.lead_to(silent)
        site.reload()
        answer = site.call("GET", "/api/orders", token=token)
    finally:
        proxy.write_text(text)
        hanging.close()
    assert_envelope(answer, 503, UNAVAILABLE, "unavailable")
