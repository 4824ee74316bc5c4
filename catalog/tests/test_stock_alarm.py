"""The stock at which staff are told: kept per SKU, filtered, counted, and cheap."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client

from catalog.models import Product, Sku
from catalog.services.products import product_update
from catalog.services.skus import SkuChange
from catalog.tests.admin_pages import (
    PRODUCT_ADD,
    new_page,
    page_data,
    product_page,
    sku_row,
    staff_client,
)

Make = Callable[..., Product]
SKUS = "/admin/catalog/sku/"


@pytest.fixture
def alarmed(product_make: Make) -> None:
    """Make SKUs over, at and under their alarm, without pieces, and off sale."""
    for name, stock, alarm, status in (
        ("充足", 11, 10, "on_sale"),
        ("正好", 10, 10, "on_sale"),
        ("不足", 3, 10, "on_sale"),
        ("卖完", 0, 0, "on_sale"),
        ("有货", 1, 0, "on_sale"),
        ("下架", 0, 5, "off_sale"),
        ("删除", 0, 5, "deleted"),
    ):
        product = product_make(name, stock=stock, status=status)
        product.skus.update(alarm_stock=alarm)
    retired = product_make("停用", stock=0)
    retired.skus.update(is_active=False)


@pytest.mark.usefixtures("alarmed")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"stock": "low"}, ["不足", "卖完", "正好"]),
        ({"stock": "out"}, ["下架", "卖完"]),
        ({"stock": "normal"}, ["充足", "有货"]),
        ({"stock": "x"}, ["下架", "不足", "充足", "卖完", "有货", "正好"]),
    ],
)
def test_the_list_is_narrowed_by_the_stock(
    client: Client, query: dict[str, str], names: list[str]
) -> None:
    page = client.get(SKUS, query)
    assert sorted(sku.product.name for sku in page.context["cl"].result_list) == names


@pytest.mark.usefixtures("alarmed")
def test_the_list_marks_what_is_low(client: Client) -> None:
    low, normal = (
        client.get(SKUS, {"stock": stock}).content.decode()
        for stock in ("low", "normal")
    )
    for mark in ("3 需补货", "10 需补货"):
        assert mark in low
        assert mark not in normal


def test_no_index_names_the_stock(db: None) -> None:
    """A sale's UPDATE of a SKU would have to write it, and all others with it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'catalog_sku'"
        )
        found = [definition for (definition,) in cursor.fetchall()]
    assert len(found) > 2
    assert [one for one in found if "stock" in one] == []


def test_a_sku_has_its_alarm_from_the_products_page(client: Client) -> None:
    rows = [
        sku_row(0, "尺码:M", "59", "8") | {"skus-0-alarm_stock": "5"},
        sku_row(1, "尺码:L", "69", "9"),
    ]
    assert client.post(PRODUCT_ADD, new_page(client, *rows)).status_code == 302
    alarms = list(Sku.objects.order_by("position").values_list("alarm_stock", "stock"))
    assert alarms == [(5, 8), (0, 9)]

    url = product_page(Product.objects.get())
    data = page_data(client, url)
    assert (data["skus-0-alarm_stock"], data["skus-1-alarm_stock"]) == ("5", "0")
    client.post(url, data | {"skus-0-alarm_stock": "", "skus-1-alarm_stock": "30"})
    alarms = list(Sku.objects.order_by("position").values_list("alarm_stock", "stock"))
    assert alarms == [(0, 8), (30, 9)]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("-1", "报警库存不能小于0"),
        ("1.5", "报警库存必须是整数"),
        ("很多", "报警库存必须是整数"),
        ("1000000001", "报警库存不能大于1000000000"),
    ],
)
def test_an_alarm_that_is_none_changes_nothing(
    client: Client, product_make: Make, typed: str, message: str
) -> None:
    product = product_make(stock=10)
    url = product_page(product)
    page = client.post(url, page_data(client, url) | {"skus-0-alarm_stock": typed})
    assert page.status_code == 200
    assert message in page.content.decode()
    assert product.skus.get().alarm_stock == 0


def test_an_editor_who_does_not_know_of_it_leaves_it(product_make: Make) -> None:
    product = product_make(stock=10)
    product.skus.update(alarm_stock=4)
    sku = product.skus.get()
    change = SkuChange(id=sku.pk, price=Decimal("88.00"))
    product_update(product_id=product.pk, fields={}, skus=[change], operator_id=None)
    sku.refresh_from_db()
    assert (sku.price, sku.alarm_stock, sku.stock) == (Decimal("88.00"), 4, 10)


def test_who_may_not_write_sees_it(product_make: Make) -> None:
    product = product_make()
    product.skus.update(alarm_stock=77)
    reader = staff_client("view_product", "view_sku", name="reader")
    for url in (product_page(product), f"{SKUS}{product.skus.get().pk}/change/", SKUS):
        assert "77" in reader.get(url).content.decode()


def test_shoppers_are_not_told_of_it(client: Client, product_make: Make) -> None:
    product = product_make()
    text = client.get(f"/api/products/{product.pk}").content.decode()
    assert "larm" not in text
