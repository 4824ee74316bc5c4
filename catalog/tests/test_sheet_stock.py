"""Counts of the stock by sheet."""

from collections.abc import Callable
from typing import Any

import pytest

from catalog.locks import skus_lock
from catalog.models import Product, Sku, StockMovement
from catalog.services.stock import stock_adjust, stock_take
from shop.tests.sheets import (
    confirmed,
    counts,
    exported,
    problems,
    rewritten,
    table,
    uploaded,
)

Make = Callable[..., Product]


@pytest.fixture
def tea(product_make: Make) -> Sku:
    return product_make(stock=10).skus.get()


def sold(sku: Sku, quantity: int) -> None:
    skus_lock(sku_ids=[sku.pk])
    stock_take(quantities={sku.pk: quantity}, order_no=f"O{quantity}")


def counted(sku: Sku, staff: Any, **values: Any) -> bytes:
    """Return an exported sheet in which somebody has filled in what they counted."""
    [row] = table(exported("stock", [sku.pk], staff))
    return rewritten([{**row, **values}])


def test_the_export_has_what_the_import_needs(tea: Sku, staff: Any) -> None:
    stock_adjust(sku_id=tea.pk, delta=2, note="到货", operator_id=None)
    [row] = table(exported("stock", [tea.pk], staff))
    assert row == {
        "SKU编号": tea.pk,
        "商品": "龙井茶",
        "规格": "默认",
        "编码": None,
        "系统库存": 12,
        "盘点依据": StockMovement.objects.get(reason="adjustment").pk,
        "实盘数量": None,
        "备注": None,
    }


def test_a_count_is_applied_as_a_difference(tea: Sku, staff: Any) -> None:
    """What is sold between the export and the import stays sold."""
    content = counted(tea, staff, 实盘数量=8, 备注="破损2件")
    sold(tea, 3)
    task = uploaded("stock", content, staff)
    assert (task.state, counts(task)) == ("checked", (0, 1, 0, 0))
    assert task.preview == [
        {
            "row": 2,
            "name": "龙井茶 默认",
            "changes": [{"column": "库存", "old": "7", "new": "5"}],
        }
    ]
    sold(tea, 1)
    task = confirmed(task)
    tea.refresh_from_db()
    assert (task.state, tea.stock) == ("done", 4)
    movement = StockMovement.objects.get(reason="adjustment")
    assert (movement.delta, movement.balance, movement.operator) == (-2, 4, staff)
    assert movement.reference == f"盘点(导入{task.pk}) 破损2件"


def test_the_same_sheet_counts_once(tea: Sku, staff: Any) -> None:
    content = counted(tea, staff, 实盘数量=8)
    first, second = (uploaded("stock", content, staff) for _ in range(2))
    assert (first.state, second.state) == ("checked", "checked")
    confirmed(first)
    told = "导出之后这个SKU的库存又调整过,请重新导出盘点表"
    assert problems(confirmed(second)) == [(2, "盘点依据", told)]
    third = uploaded("stock", content, staff)
    assert (third.state, problems(third)) == ("refused", [(2, "盘点依据", told)])
    assert Sku.objects.get().stock == 8


def test_what_was_not_counted_or_is_right_changes_nothing(
    tea: Sku, product_make: Make, staff: Any
) -> None:
    other = product_make(stock=4).skus.get()
    rows = table(exported("stock", [other.pk, tea.pk], staff))
    assert [row["SKU编号"] for row in rows] == [other.pk, tea.pk]
    rows[0]["实盘数量"] = 4
    task = uploaded("stock", rewritten(rows), staff)
    assert (task.state, counts(task)) == ("done", (0, 0, 2, 0))
    assert not StockMovement.objects.filter(reason="adjustment").exists()


def test_a_stock_never_falls_below_zero(tea: Sku, staff: Any) -> None:
    content = counted(tea, staff, 实盘数量=1)
    task = uploaded("stock", content, staff)
    sold(tea, 9)
    task = confirmed(task)
    assert (task.state, problems(task)) == (
        "done",
        [(2, "实盘数量", "现有库存1件,调整-9件后超出范围")],
    )
    assert Sku.objects.get().stock == 1


def test_each_bad_cell_is_named(tea: Sku, product_make: Make, staff: Any) -> None:
    gone = product_make(status="deleted").skus.get()
    [row] = table(exported("stock", [tea.pk], staff))
    rows = [
        {**row, "实盘数量": "八"},
        {**row, "实盘数量": 1.5, "系统库存": None},
        {**row, "SKU编号": gone.pk, "实盘数量": -1},
        {**row, "SKU编号": None, "实盘数量": "=1+1"},
    ]
    task = uploaded("stock", rewritten(rows), staff)
    assert problems(task) == [
        (2, "实盘数量", "实盘数量必须是数字"),
        (3, "SKU编号", "和第2行重复"),
        (3, "系统库存", "不能为空"),
        (3, "实盘数量", "实盘数量必须是数字"),
        (4, "实盘数量", "实盘数量不能小于0"),
        (4, "SKU编号", "SKU不存在或已停用"),
        (5, "实盘数量", "不能是公式,请粘贴为数值"),
        (5, "SKU编号", "不能为空"),
    ]
    assert Sku.objects.get(pk=tea.pk).stock == 10
