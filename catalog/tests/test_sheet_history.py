"""Whose the changes are that a sheet makes, and what adds a product once."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Product, ProductAddition, Sku
from catalog.services.products import product_create
from catalog.services.skus import SkuChange
from catalog.tests.test_history import told
from shop.tests.sheets import confirmed, exported, rewritten, table, uploaded, workbook

Make = Callable[..., Product]


@pytest.fixture
def tea(db: None) -> Product:
    return product_create(
        fields={"name": "茶"},
        skus=[SkuChange(specs={}, price=Decimal(10), stock=1)],
        operator_id=None,
    )


def test_the_history_names_who_imported_and_each_change(
    tea: Product, product_make: Make, staff: Any
) -> None:
    cup = product_make("杯")
    rows = table(exported("products", [tea.pk, cup.pk], staff))
    rows[0] |= {"名称": "绿茶", "价格": 12, "报警库存": 3}
    task = confirmed(uploaded("products", rewritten(rows), staff))
    assert (task.state, task.problems) == ("done", [])
    name = staff.username
    assert told(Product, id=tea.pk) == [
        ("+", None, {}),
        ("~", name, {"name": ("茶", "绿茶")}),
    ]
    assert told(Sku, product=tea.pk) == [
        ("+", None, {}),
        (
            "~",
            name,
            {
                "price": (Decimal("10.00"), Decimal("12.00")),
                "alarm_stock": (0, 3),
            },
        ),
    ]
    # A row that says nothing new is nobody's deed.
    assert name not in [row[1] for row in told(Product, id=cup.pk)]


def test_what_a_sheet_adds_begins_its_history_and_uses_no_page_up(staff: Any) -> None:
    content = workbook(
        ["名称", "规格", "价格", "初始库存"],
        ["绿茶", "重量:50克", 30, 5],
        [None, "重量:100克", 55, None],
        ["红茶", None, 20, 7],
    )
    task = confirmed(uploaded("products", content, staff))
    assert (task.state, task.problems) == ("done", [])
    name = staff.username
    assert [row[:2] for row in told(Product)] == [("+", name)] * 2
    assert [row[:2] for row in told(Sku)] == [("+", name)] * 3
    # Keys are those of pages; a task's parts are written once by themselves.
    assert not ProductAddition.objects.exists()
