"""Reloads and restarts of the web program while shoppers order: nobody is refused."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from conftest import wait_until
from deploy.tests.node import KeptNode
from deploy.tests.site import Site
from orders.models import Order
from orders.tests.conftest import ADDRESS
from shop.devstack.ports import HOST
from torture.findings import findings_record

pytestmark = pytest.mark.xdist_group("nginx")

Connect = Callable[[str], http.client.HTTPConnection]
SHOPPERS = 6
TIMES = 5


@pytest.fixture
def node(
    site: Site, node_settings: dict[str, str], tmp_path: Path
) -> Iterator[KeptNode]:
    """One node with two processes, and nothing but it behind nginx."""
    own = {"GUNICORN_WORKERS": "2", "RATELIMIT_ENABLE": "0"}
    node = KeptNode(tmp_path / "kept.log", node_settings | own)
    node.start()
    site.lead_to(node)
    site.reload()
    yield node
    node.stop()
    node.socket.close()


class Shoppers:
    """Each of them orders and looks at the orders, again and again.

    They keep their connections as long as the other side does.
    """

    def __init__(self, connect: Connect, token: str, product: int) -> None:
        self._connect, self._token = connect, token
        items = [{"productId": product, "quantity": 1}]
        self._order = json.dumps({"items": items, "address": ADDRESS})
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._shop, args=(f"127.0.5.{number}",))
            for number in range(1, SHOPPERS + 1)
        ]
        self.order_nos: list[str] = []
        self.failures: list[str] = []
        self.waits: list[float] = []

    def _shop(self, source: str) -> None:
        connection = self._connect(source)
        while not self._is_over.is_set():
            for method in ("POST", "GET"):
                began = time.monotonic()
                try:
                    self._ask(connection, method)
                except (OSError, http.client.HTTPException) as error:
                    self.failures.append(f"{method}: {error!r}")
                    connection.close()
                self.waits.append(time.monotonic() - began)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, method: str) -> None:
        """Place an order or read the list; http.client connects anew when it must."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid4().hex,
            "Host": "localhost",
        }
        body = self._order if method == "POST" else None
        connection.request(method, "/api/orders", body, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        if answer.status != {"POST": 201, "GET": 200}[method]:
            self.failures.append(f"{method}: {answer.status} {told}")
        elif method == "POST":
            self.order_nos.append(told["data"]["orderNo"])

    def __enter__(self) -> "Shoppers":
        for thread in self._threads:
            thread.start()
        self.wait_for_more()
        return self

    def wait_for_more(self) -> None:
        """Wait until each has been answered some more times."""
        seen = len(self.waits)
        enough = seen + 8 * SHOPPERS
        wait_until(lambda: len(self.waits) >= enough, "no answers any more")

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()


def restart(node: KeptNode) -> None:
    """Stop and start it, as systemctl restart does."""
    assert node.stop() == 0
    node.start()


WAYS: dict[str, tuple[str, Callable[[KeptNode], None]]] = {
    "reload": ("reload (SIGHUP)", KeptNode.reload),
    "restart": ("restart, the socket kept", restart),
}


def connecting(site: Site, node: KeptNode, through: str) -> Connect:
    def connect(source: str) -> http.client.HTTPConnection:
        own: dict[str, Any] = {"source_address": (source, 0), "timeout": 60}
        if through == "nginx":
            return http.client.HTTPSConnection(HOST, site.port, context=site.tls, **own)
        return http.client.HTTPConnection(HOST, node.port, **own)

    return connect


@pytest.mark.timeout(300)
@pytest.mark.parametrize("through", ["nginx", "socket"])
@pytest.mark.parametrize("way", WAYS)
def test_no_request_fails_while_the_web_program_is_replaced(
    site: Site,
    node: KeptNode,
    token: str,
    product_make: Callable[..., Any],
    through: str,
    way: str,
) -> None:
    label, replace = WAYS[way]
    product = product_make(stock=100_000).pk
    with Shoppers(connecting(site, node, through), token, product) as shoppers:
        for _ in range(TIMES):
            replace(node)
            shoppers.wait_for_more()
    placed = sorted(Order.objects.values_list("order_no", flat=True))
    wrong = set(placed) ^ set(shoppers.order_nos)
    row = {
        "what is done to the web program": label,
        "asked through": through,
        "times": TIMES,
        "requests": len(shoppers.waits),
        "orders": len(placed),
        "failed": len(shoppers.failures),
        "orders lost or unknown": len(wrong),
        "longest wait (s)": round(max(shoppers.waits), 1),
    }
    findings_record("restarts", rows=[row], part=f"{way}-{through}")
    assert (shoppers.failures, wrong) == ([], set())
    assert len(placed) == len(shoppers.order_nos)
