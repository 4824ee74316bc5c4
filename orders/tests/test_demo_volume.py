"""seed_demo --products: many products, their books right, whatever ends the load."""

import io
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from rest_framework.test import APIClient

from catalog.models import Product, ProductImage, ProductSearch, Sku, StockMovement
from conftest import wait_until
from orders.demo.volume import BATCH
from orders.services.audit import orders_audit
from orders.tests.test_demo import Terminal
from shop.tests.web_process import database_url

pytestmark = pytest.mark.usefixtures("transactional_db")
DEMO_PRODUCTS, DEMO_SKUS = 25, 61


def seeded(total: int, out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    call_command("seed_demo", products=total, stdout=out)
    return out.getvalue().splitlines()[-1]


def counts() -> tuple[int, ...]:
    tables = (Product, ProductSearch, ProductImage, Sku, StockMovement)
    return tuple(table.objects.count() for table in tables)


def listed(api: APIClient) -> int:
    total: int = api.get("/api/products").json()["data"]["pagination"]["total"]
    return total


def test_it_adds_what_is_missing_and_nothing_more(api: APIClient) -> None:
    assert listed(api) == 0
    assert seeded(30) == "products for load tests: 30 added"
    demo = (DEMO_PRODUCTS, DEMO_PRODUCTS, 50, DEMO_SKUS, DEMO_SKUS)
    # 30 products of one, two or three sizes, ten of each, with two pictures.
    assert counts() == tuple(
        number + more for number, more in zip(demo, (30, 30, 60, 60, 60), strict=True)
    )
    # At once, though the list is kept for seconds.
    assert listed(api) == DEMO_PRODUCTS + 30
    assert seeded(30) == "products for load tests: 0 added"
    assert seeded(20) == "products for load tests: 0 added"
    assert seeded(42) == "products for load tests: 12 added"
    assert listed(api) == Product.objects.count() == DEMO_PRODUCTS + 42
    assert orders_audit() == []
    page = api.get("/api/products", {"keyword": "编号42"}).json()["data"]["list"]
    assert [product["price"] for product in page] == ["47.00"]
    for name in ProductImage.objects.values_list("file", flat=True):
        assert default_storage.exists(name)


def test_it_can_be_bought(shopper_api: APIClient) -> None:
    seeded(5)
    sku = Sku.objects.get(code="LOAD-0000005-3")
    assert (sku.specs, str(sku.price), sku.stock) == ({"尺码": "L"}, "30.00", 105)
    product = shopper_api.get(f"/api/products/{sku.product_id}").json()["data"]
    assert [one["price"] for one in product["skus"]] == ["10.00", "20.00", "30.00"]
    assert product["specs"] == [{"name": "尺码", "values": ["S", "M", "L"]}]
    items = [{"productId": sku.product_id, "skuId": sku.pk, "quantity": 2}]
    answer = shopper_api.post("/api/orders/preview", {"items": items}, format="json")
    assert answer.json()["data"]["totalAmount"] == "60.00"


def test_a_terminal_sees_the_count_and_a_pipe_the_result() -> None:
    out = Terminal()
    seeded(7, out)
    assert "\rproducts: 7/7\nproducts for load tests: 7 added\n" in out.getvalue()
    quiet = io.StringIO()
    seeded(9, quiet)
    assert quiet.getvalue() == (
        "the shop has products already; nothing to load\n"
        "products for load tests: 2 added\n"
    )


def test_a_load_that_is_killed_leaves_whole_batches() -> None:
    command = [sys.executable, "manage.py", "seed_demo", "--products", "1000000"]
    load = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": database_url()})
    try:
        wait_until(lambda: Product.objects.count() > DEMO_PRODUCTS)
    finally:
        load.kill()
        load.wait()
    # Waits until the killed one's transaction is gone.
    seeded(1)
    made = Product.objects.count() - DEMO_PRODUCTS
    assert (made > 0, made % BATCH) == (True, 0)
    assert orders_audit() == []
    assert seeded(made + 3) == "products for load tests: 3 added"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index"
            " WHERE indexrelid = 'productsearch_terms'::regclass"
        )
        assert cursor.fetchone() == (True,)


def test_production_wants_no_such_products(settings: Any) -> None:
    settings.IS_DEVELOPMENT = False
    with pytest.raises(CommandError, match="needs SHOP_ENV=development"):
        seeded(5)
    assert Product.objects.count() == 0


@pytest.mark.parametrize("text", ["-1", "x", "10000000", "1.5"])
def test_a_count_that_is_none(text: str) -> None:
    with pytest.raises(CommandError, match="a whole number up to 9999999"):
        call_command("seed_demo", "--products", text)
    assert Product.objects.count() == 0
