"""The ledger of the stock in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Product, StockMovement
from catalog.services.stock import stock_adjust
from catalog.tests.admin_pages import staff_client
from catalog.tests.conftest import ledger
from catalog.tests.test_stock_adjust import order_takes

Make = Callable[..., Product]
SKUS = "/admin/catalog/sku/"
LEDGER = "/admin/catalog/stockmovement/"
CHANGED = "库存已变化,请重新打开页面"


@pytest.fixture
def product(product_make: Make) -> Product:
    return product_make("龙井茶", stock=10)


def test_the_ledger_is_read_only(client: Client, product: Product) -> None:
    row = StockMovement.objects.get()
    assert client.get(f"{LEDGER}add/").status_code == 403
    assert client.get(f"{LEDGER}{row.pk}/change/").status_code == 200
    assert client.post(f"{LEDGER}{row.pk}/change/", {"delta": 1}).status_code == 403
    assert client.post(f"{LEDGER}{row.pk}/delete/", {"post": 1}).status_code == 403
    act = {"action": "delete_selected", "_selected_action": [row.pk], "post": 1}
    client.post(LEDGER, act)
    assert ledger(product.pk) == [("initial", 10, 10)]


def entries(client: Client, **query: Any) -> list[str]:
    rows = client.get(LEDGER, query).context["cl"].result_list
    return [f"{row.reason} {row.reference}".strip() for row in rows]


def test_the_ledger_is_searched_and_filtered(
    client: Client, staff: Any, product_make: Make
) -> None:
    tea, pot = product_make("龙井", stock=10), product_make("陶壶", stock=1)
    tea.skus.update(code="LJ-1")
    order_takes(tea, 2, "20260101A1")
    sku_id = pot.skus.get().pk
    stock_adjust(sku_id=sku_id, delta=1, note="到货", operator_id=staff.pk)
    assert entries(client) == [
        "adjustment 到货",
        "order 20260101A1",
        "initial",
        "initial",
    ]
    assert entries(client, q="20260101A") == ["order 20260101A1"]
    assert entries(client, q="LJ-") == ["order 20260101A1", "initial"]
    assert entries(client, q="0101A1") == entries(client, q="J-1") == []
    assert entries(client, reason__exact="adjustment") == ["adjustment 到货"]
    assert entries(client, created_at_from="2099-01-01") == []
    today = timezone.localdate().isoformat()
    assert len(entries(client, created_at_from=today, created_at_to=today)) == 4
    assert entries(client, sku=sku_id) == ["adjustment 到货", "initial"]
    text = client.get(LEDGER).content.decode()
    for shown in ("人工调整", "+1", "-2", "boss", "LJ-1"):
        assert shown in text


def test_the_ledger_of_one_sku_is_a_step_away(client: Client, product: Product) -> None:
    sku = product.skus.get()
    response = client.get(f"{SKUS}{sku.pk}/ledger/")
    assert response.url == f"{LEDGER}?sku={sku.pk}"
    viewer = staff_client("view_sku")
    assert viewer.get(f"{SKUS}{sku.pk}/ledger/").status_code == 403
    assert viewer.get(LEDGER).status_code == 403
    reader = staff_client("view_stockmovement", name="reader")
    assert reader.get(LEDGER).status_code == 200
