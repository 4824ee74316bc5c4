"""Two web nodes behind nginx, both away."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from .node import Node
from .site import Site, assert_envelope

pytestmark = pytest.mark.xdist_group("nginx")

UNAVAILABLE = "服务暂时不可用,请稍后再试"


def test_all_nodes_away(
    site: Site,
    nodes: tuple[Node, Node],
    token: str,
    product_make: Callable[..., Any],
) -> None:
    product = product_make("龙井茶")
    path = f"/api/products/{product.pk}?away"
    kept = site.call("GET", path)
    assert kept.status == 200
    for node in nodes:
        node.stop(signal.SIGKILL)
        # The catalogue goes on from the cache. Asked after each end, which may take
        # its time: what nobody asks for is dropped.
        answer = site.call("GET", path)
        assert (answer.status, answer.body) == (200, kept.body)
    orders = site.call("GET", "/api/orders", token=token)
    assert_envelope(orders, 502, UNAVAILABLE, "unavailable")
    assert orders.headers["Retry-After"] == "2"
    notified = site.call("POST", "/api/payments/wechat/notify", b"{}")
    assert (notified.status, notified.json["code"]) == (503, "FAIL")
    desk = site.call("GET", "/admin/")
    assert desk.status == 503
    assert desk.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "服务暂时不可用" in desk.body.decode()
