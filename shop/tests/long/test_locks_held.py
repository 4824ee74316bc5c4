"""Rows that somebody holds: told to come again after 3 s, and nothing is written."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from orders.tests.conftest import ADDRESS
from shop.tests.long.running import Caller, Shop, Told, together
from torture.findings import findings_record

pytestmark = pytest.mark.timeout(300)

# lock_timeout.
WAIT_SECONDS = 3
LOCKED = (
    "catalog_sku",
    "catalog_product",
    "orders_order",
    "orders_cartitem",
    "accounts_user",
    "accounts_address",
)
# What the clock, a job or the login of a reader writes.
_MOVING = (
    *("procrastinate_%", "django_session", "axes_%", "catalog_productcount%"),
    *("orders_dailyfigures", "orders_bill%"),
)


def contents(shop: Shop) -> dict[str, str]:
    """Return a digest of each table."""
    with psycopg.connect(shop.postgres.url, autocommit=True) as session:
        tables = session.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT LIKE ALL(%s)",
            [list(_MOVING)],
        ).fetchall()
        digest = SQL("SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t")
        return {
            name: session.execute(digest.format(Identifier(name))).fetchone()[0]
            for (name,) in tables
        }


class Writers:
    """A shopper and a clerk who write, each kind of thing once."""

    def __init__(self, shop: Shop) -> None:
        self._shopper, self._clerk = Caller(shop), Caller(shop)
        self._shopper.login()
        self._product = f"/api/products/{shop.product_id}"
        self._open = self._order_no()
        self._paid = self._order_no()
        self._shopper.pay(self._paid)
        self._address = self._made("/api/addresses", ADDRESS)
        sku = shop.postgres.query("SELECT id FROM catalog_sku LIMIT 1")
        self._cart = {"skuId": sku, "quantity": 1}
        self._line = self._made("/api/cart", self._cart)
        wish = {"username": "boss", "password": "a-long-password-9"}
        token = self._clerk.ask("POST", "/api/auth/staff/login", wish).data["data"]
        self._clerk.authorize(token["token"])

    def _order_no(self) -> str:
        return str(self._shopper.order().data["data"]["orderNo"])

    def _made(self, path: str, wish: Any) -> int:
        return int(self._shopper.ask("POST", path, wish).data["data"]["id"])

    def acts(self) -> dict[str, Callable[[], Told]]:
        ask, refund = self._shopper.ask, {"reason": "不想要了"}
        opened, paid = (f"/api/orders/{one}" for one in (self._open, self._paid))
        return {
            "order": self._shopper.order,
            "pay": lambda: ask("POST", f"{opened}/pay"),
            "cancel": lambda: ask("POST", f"{opened}/cancel", {}),
            "refund": lambda: ask("POST", f"{paid}/refunds", refund),
            "cancel what is paid": lambda: ask("POST", f"{paid}/cancel", {}),
            "profile": lambda: ask("PATCH", "/api/auth/user", {"nickname": "新名"}),
            "address": lambda: ask("POST", "/api/addresses", ADDRESS),
            "address changed": lambda: ask(
                "PATCH", f"/api/addresses/{self._address}", {"name": "李四"}
            ),
            "cart": lambda: ask("POST", "/api/cart", self._cart),
            "cart changed": lambda: ask(
                "PATCH", f"/api/cart/{self._line}", {"quantity": 2}
            ),
            "product": lambda: self._clerk.ask(
                "PATCH", self._product, {"price": "9.00"}
            ),
        }

    def reads(self) -> list[Told]:
        paths = ("/api/auth/user", "/api/orders", "/api/cart", self._product)
        return [self._shopper.ask("GET", path) for path in paths]


def test_a_lock_that_somebody_holds_is_busy_and_nothing_is_written(
    running: Shop,
) -> None:
    writers = Writers(running)
    before = contents(running)
    acts = writers.acts()
    with psycopg.connect(running.postgres.url) as holder:
        for table in LOCKED:
            # As whoever changes a row; a deletion of the shopper locks more.
            lock = "SELECT FROM {} FOR NO KEY UPDATE"
            holder.execute(SQL(lock).format(Identifier(table)))
        told = dict(zip(acts, together(list(acts.values())), strict=True))
        assert [one.status for one in writers.reads()] == [200] * 4
        holder.rollback()
    for kind, one in told.items():
        assert (kind, one.status) == (kind, 503)
        assert one.headers["Retry-After"] == "1"
        assert one.data["data"] == {"error": "busy"}
        # Others' seconds, in a line for a thread, come on top.
        assert one.seconds > WAIT_SECONDS - 0.1, kind
    assert contents(running) == before
    # Nobody is held up any more.
    freed = together(list(writers.acts().values()))
    assert {one.status for one in freed} <= {200, 201, 409}
    findings_record("locks_held", rows=rows(told))


def rows(told: dict[str, Told]) -> list[dict[str, str | int | float]]:
    return [
        {
            "held row, somebody wants": kind,
            "answer": f"{one.status} {one.data['data']['error']}",
            "after, s": one.seconds,
            "rows written": 0,
        }
        for kind, one in told.items()
    ]
