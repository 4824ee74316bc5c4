"""The data of a run, the SQL of the limits, and the yardstick beside the shop."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.answers import answers_compare
from bench.asking import Asker
from bench.loads import SCRIPTS, PgBench
from bench.tests.conftest import ORDERS, PRODUCTS, SHOPPERS, psql
from bench.web import WebProgram
from bench.writing import Tally
from catalog.models import Category, Product, Sku, StockMovement
from orders.models import Order, OrderEvent, OrderItem
from orders.services.audit import orders_audit
from shop.devstack.parts import DevstackError, Parts
from shop.devstack.postgres import PostgresServer

SCRIPT_NAMES = sorted(path.name for path in SCRIPTS.glob("*.sql"))
ADDRESS = {
    "name": "李雷",
    "phone": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路1号",
}
# One piece of SKU 12 is left, as staff would have it.
LAST_PIECE = """
INSERT INTO catalog_stockmovement
    (sku_id, delta, balance, reason, reference, created_at)
SELECT id, 1 - stock, 1, 'adjustment', '', now() FROM catalog_sku WHERE id = 12;
UPDATE catalog_sku SET stock = 1 WHERE id = 12
"""
# Marked django_db, so that the database is made whichever of these tests are run.
pytestmark = [pytest.mark.xdist_group("bench"), pytest.mark.django_db]


@pytest.fixture(scope="module")
def programs(
    loaded: str, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, WebProgram]]:
    """The shop and the yardstick, over the loaded data and a cache of its own."""
    folder: Path = tmp_path_factory.mktemp("bench")
    parts = Parts()
    cache, _, number = os.environ["VALKEY_URL"].rpartition("/")
    env = {
        **os.environ,
        "DATABASE_URL": f"{postgres.url.rpartition('/')[0]}/{loaded}",
        "VALKEY_URL": f"{cache}/{int(number) + 512}",
    }
    found = {
        name: WebProgram(name, application, path, env, folder / f"{name}.log")
        for name, application, path in (
            ("shop", "shop.wsgi", "/healthz"),
            ("plain", "bench.plain.wsgi", "/api/products"),
        )
    }
    try:
        for program in found.values():
            program.start(parts)
        yield found
    finally:
        parts.stop()


def test_what_is_loaded_breaks_no_rule(loaded: str) -> None:
    assert (Product.objects.count(), Category.objects.count()) == (PRODUCTS, 50)
    assert Sku.objects.count() == PRODUCTS * 12 // 10
    assert (
        Order.objects.count(),
        Order.objects.filter(status="cancelled").count(),
    ) == (
        ORDERS,
        ORDERS // 10,
    )
    assert orders_audit() == []


@pytest.mark.parametrize("script", SCRIPT_NAMES)
def test_the_sql_of_each_limit_runs(
    loaded: str, postgres: PostgresServer, script: str
) -> None:
    values = {"products": PRODUCTS, "others": PRODUCTS - 2, "shoppers": SHOPPERS}
    load = PgBench(postgres, script, values, clients=2, database=loaded)
    figure = load.run_once()
    assert (figure.requests, figure.errors) == (2, 0)
    assert orders_audit() == []


def test_the_hot_order_takes_one_product(loaded: str, postgres: PostgresServer) -> None:
    before = OrderItem.objects.filter(product=1).count()
    values = {"products": 1, "others": 0, "shoppers": SHOPPERS}
    PgBench(postgres, "order.sql", values, clients=3, database=loaded).run_once()
    assert OrderItem.objects.filter(product=1).count() == before + 3
    assert orders_audit() == []


def test_both_answer_the_same(programs: dict[str, WebProgram], token: str) -> None:
    tally = Tally()
    plain, shop = (Asker(programs[name].url, token) for name in ("plain", "shop"))
    compared = answers_compare(shop=shop, others=[plain], tally=tally)
    # Two lists, three pages of three categories, two words, four products, the
    # profile, three orders.
    assert compared == 2 + 9 + 2 + 4 + 1 + 3
    assert tally.answered == 6
    assert orders_audit() == []


def test_the_yardstick_places_an_order_rightly(
    programs: dict[str, WebProgram], token: str
) -> None:
    plain = Asker(programs["plain"].url, token)
    stocks = dict(Sku.objects.values_list("pk", "stock"))
    items = [
        {"productId": number, "skuId": number, "quantity": quantity}
        for number, quantity in ((9, 3), (4, 2))
    ]
    body = {"items": items, "address": ADDRESS, "remark": "快"}
    answer = plain.data("POST", "/api/orders", body)
    order = Order.objects.get(order_no=answer["orderNo"])
    assert (order.status, order.remark, str(order.total_amount)) == (
        *("pending", "快"),
        str(3 * (5 + 9) + 2 * (5 + 4)) + ".00",
    )
    moves = StockMovement.objects.filter(reference=order.order_no).order_by("sku")
    assert list(moves.values_list("sku", "delta", "balance", "reason")) == [
        (4, -2, stocks[4] - 2, "order"),
        (9, -3, stocks[9] - 3, "order"),
    ]
    assert list(OrderEvent.objects.filter(order=order).values_list("to_status")) == [
        ("pending",)
    ]
    assert orders_audit() == []


def test_the_yardstick_refuses_what_is_not_there(
    programs: dict[str, WebProgram], token: str, loaded: str, postgres: PostgresServer
) -> None:
    psql(postgres, loaded, f"-c{LAST_PIECE}")
    plain = Asker(programs["plain"].url, token)
    before = (Sku.objects.get(pk=11).stock, Order.objects.count())
    items = [
        {"productId": number, "skuId": number, "quantity": 2} for number in (11, 12)
    ]
    with pytest.raises(DevstackError, match="400"):
        plain.data("POST", "/api/orders", {"items": items, "address": ADDRESS})
    assert (Sku.objects.get(pk=11).stock, Order.objects.count()) == before
    assert orders_audit() == []
