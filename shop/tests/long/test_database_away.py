"""PostgreSQL away or hanging under a shop: refused in time, and back by itself."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from redis import Redis

from conftest import wait_until
from orders.tests.notifying import PAYMENT_URL, sealed, signed, wechat_world
from shop.tests.long.running import CALLERS, Caller, Shop, Told, together
from torture.findings import findings_record

pytestmark = pytest.mark.timeout(600)

REFUSED_WITHIN_SECONDS = 3
BACK_WITHIN_SECONDS = 30
# Long enough for each connection to have rested.
WHILE_SECONDS = 6


class Asked:
    """One of each kind of question, by somebody who has logged in."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self._shopper, self._staff = shop, Caller(shop), Caller(shop)
        self._shopper.login()
        self._order_no = self._shopper.order().data["data"]["orderNo"]
        self._staff.staff_enter()

    def each(self) -> dict[str, Told]:
        ask, order_no = self._shopper.ask, self._order_no
        return {
            "list": ask("GET", "/api/products?page=2"),
            "search": ask("GET", "/api/products?keyword=茶"),
            "detail": ask("GET", f"/api/products/{self._shop.product_id}"),
            "home": ask("GET", "/api/home"),
            "login": self._shopper.login(),
            "profile": ask("GET", "/api/auth/user"),
            "order": self._shopper.order(),
            "orders": ask("GET", "/api/orders"),
            "pay": ask("POST", f"/api/orders/{order_no}/pay"),
            "cart": ask("GET", "/api/cart"),
            "notification": self._notify(),
            "admin": self._staff.ask("GET", "/admin/"),
            "admin list": self._staff.ask("GET", "/admin/orders/order/"),
            "readyz": ask("GET", "/readyz"),
            "config": ask("GET", "/api/config"),
            "healthz": ask("GET", "/healthz"),
        }

    def _notify(self) -> Told:
        """Tell of a payment that nobody asked for: 4xx, when it can be looked up."""
        world = wechat_world()
        body = sealed({"out_trade_no": "UNKNOWN0001"}, world["apiV3Key"])
        key: Any = load_pem_private_key(world["platformPrivateKey"].encode(), None)
        headers = signed(body, key, world["platformPublicKeyId"])
        return self._shopper.ask("POST", PAYMENT_URL, data=body, headers=headers)


ASKS_NOBODY = {"config": 200, "healthz": 200}
IN_HTML = {"admin", "admin list"}
USUAL = {"order": 201, "notification": 400}


def assert_refused(kind: str, told: Told) -> None:
    if kind in ASKS_NOBODY:
        assert told.status == ASKS_NOBODY[kind], (kind, told)
        return
    assert told.status == 503, (kind, told)
    if kind in IN_HTML:
        assert "服务暂时不可用,请稍后再试" in told.data
        assert told.headers["Retry-After"] == "2"
    elif kind == "notification":
        assert told.data["code"] == "FAIL"
    elif kind != "readyz":
        assert told.headers["Retry-After"] == "2"
        assert told.data == {
            "code": 503,
            "message": "服务暂时不可用,请稍后再试",
            "data": {"error": "unavailable"},
        }


def is_usual(answers: dict[str, Told]) -> bool:
    return all(told.status == USUAL.get(kind, 200) for kind, told in answers.items())


def forget(shop: Shop) -> None:
    """Drop the answers that are kept: without a database nobody shall get one."""
    with Redis.from_url(shop.valkey.url) as client:
        for key in client.keys("shop:kept:[0-9]*"):
            client.delete(key)


def slowest(answers: list[dict[str, Told]]) -> float:
    return max(told.seconds for one in answers for told in one.values())


def worked_seconds(shop: Shop) -> float:
    """Return how long a refund takes, of which the worker asks WeChat."""
    caller = Caller(shop)
    caller.login()
    number = caller.order().data["data"]["orderNo"]
    caller.pay(number)
    began = time.monotonic()
    assert caller.ask("POST", f"/api/orders/{number}/cancel", {}).status == 200
    path = f"/api/orders/{number}"
    wait_until(lambda: caller.ask("GET", path).data["data"]["status"] == "cancelled")
    return time.monotonic() - began


def faults(shop: Shop) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """Name what is done to it, do it, and undo it."""
    postgres = shop.postgres
    yield "stopped (SIGINT)", postgres.end, postgres.again
    yield "killed (SIGKILL)", postgres.kill, postgres.again
    yield "hanging (SIGSTOP)", postgres.hang, postgres.wake

    def hang_at_rest() -> None:
        time.sleep(WHILE_SECONDS)
        postgres.hang()

    yield "hanging after a rest", hang_at_rest, postgres.wake


def test_what_asks_for_the_database_is_refused_and_comes_back(running: Shop) -> None:
    asked = [Asked(running) for _ in range(CALLERS)]
    acts = [one.each for one in asked]
    together(acts)
    before = running.processes()
    rows: list[dict[str, str | int | float]] = []
    for name, do, undo in faults(running):
        usual = together(acts)
        assert all(map(is_usual, usual))
        forget(running)
        do()
        refused = together(acts)
        later = together(acts)
        for answers in (*refused, *later):
            for kind, told in answers.items():
                assert_refused(kind, told)
        longest = slowest([*refused, *later])
        assert longest < REFUSED_WITHIN_SECONDS + slowest(usual), name
        undo()
        began = time.monotonic()
        wait_until(lambda: is_usual(acts[0]()))
        back = time.monotonic() - began
        wait_until(lambda: all(map(is_usual, together(acts))))
        worker_back = worked_seconds(running)
        assert back < BACK_WITHIN_SECONDS
        assert running.processes() == before
        rows.append(
            {
                "PostgreSQL": name,
                "requests": 2 * CALLERS * len(refused[0]),
                "refused with 503": count(refused, 503) + count(later, 503),
                "other failures": 0,
                "slowest, s": slowest(refused),
                "slowest once known, s": slowest(later),
                "web back, s": back,
                "worker's refund after, s": worker_back,
            }
        )
    findings_record("database_away", rows=rows)


def count(answers: list[dict[str, Told]], status: int) -> int:
    return sum(told.status == status for one in answers for told in one.values())
