"""Counts of the stock by sheet."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product, Sku, StockMovement
from catalog.services.stock import stock_adjust
from orders.models import Order, OrderStatus
from orders.services.fulfilment import order_ship, pieces_waiting
from orders.tests.conftest import line, paid_order, placed
from shop.tests.sheets import (
    confirmed,
    counts,
    exported,
    filled,
    problems,
    rewritten,
    table,
    uploaded,
)

Make = Callable[..., Product]


@pytest.fixture
def tea(product_make: Make) -> Sku:
    return product_make(stock=10).skus.get()


def counted(sku: Sku, staff: Any, **values: Any) -> bytes:
    """Return an exported sheet in which somebody has filled in what they counted."""
    return filled("stock", [sku.pk], staff, **values)


def test_the_export_has_what_the_import_needs(tea: Sku, staff: Any) -> None:
    stock_adjust(sku_id=tea.pk, delta=2, note="到货", operator_id=None)
    [row] = table(exported("stock", [tea.pk], staff))
    assert row == {
        "SKU编号": tea.pk,
        "商品": "龙井茶",
        "规格": "默认",
        "编码": None,
        "可售库存": 12,
        "已下单未发货": 0,
        "应有数量": 12,
        "盘点依据": StockMovement.objects.get(reason="adjustment").pk,
        "实盘数量": None,
        "备注": None,
    }


def test_a_count_is_applied_as_a_difference(
    tea: Sku, shopper_api: APIClient, staff: Any
) -> None:
    """What is sold between the export and the import stays sold."""
    content = counted(tea, staff, 实盘数量=8, 备注="破损2件")
    placed(shopper_api, line(tea.product, 3))
    task = uploaded("stock", content, staff)
    assert (task.state, counts(task)) == ("checked", (0, 1, 0, 0))
    assert task.preview == [
        {
            "row": 2,
            "name": "龙井茶 默认",
            "changes": [{"column": "库存", "old": "7", "new": "5"}],
        }
    ]
    placed(shopper_api, line(tea.product, 1))
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
    # Nor beside one that does.
    rows[0]["实盘数量"] = 3
    task = confirmed(uploaded("stock", rewritten(rows), staff))
    assert (task.state, counts(task)) == ("done", (0, 1, 1, 0))
    assert StockMovement.objects.get(reason="adjustment").sku == other


def test_a_stock_never_falls_below_zero(
    tea: Sku, shopper_api: APIClient, staff: Any
) -> None:
    content = counted(tea, staff, 实盘数量=1)
    task = uploaded("stock", content, staff)
    placed(shopper_api, line(tea.product, 9))
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
        {**row, "实盘数量": 1.5, "应有数量": None},
        {**row, "SKU编号": gone.pk, "实盘数量": -1},
        {**row, "SKU编号": None, "实盘数量": "=1+1"},
    ]
    task = uploaded("stock", rewritten(rows), staff)
    assert problems(task) == [
        (2, "实盘数量", "实盘数量必须是数字"),
        (3, "SKU编号", "和第2行重复"),
        (3, "应有数量", "不能为空"),
        (3, "实盘数量", "实盘数量必须是数字"),
        (4, "实盘数量", "实盘数量不能小于0"),
        (4, "SKU编号", "SKU不存在或已停用"),
        (5, "实盘数量", "不能是公式,请粘贴为数值"),
        (5, "SKU编号", "不能为空"),
    ]
    assert Sku.objects.get(pk=tea.pk).stock == 10


def test_what_is_sold_and_lies_on_the_shelf_is_counted_with_the_rest(
    tea: Sku, shopper_api: APIClient, staff: Any
) -> None:
    paid_order(shopper_api, line(tea.product, 3))
    placed(shopper_api, line(tea.product, 1))
    rows = table(exported("stock", [tea.pk], staff))
    names = ("可售库存", "已下单未发货", "应有数量")
    assert [rows[0][name] for name in names] == [6, 4, 10]
    task = uploaded("stock", rewritten([{**rows[0], "实盘数量": 10}]), staff)
    assert (task.state, counts(task)) == ("done", (0, 0, 1, 0))
    task = uploaded("stock", rewritten([{**rows[0], "实盘数量": 9}]), staff)
    assert confirmed(task).state == "done"
    assert Sku.objects.get().stock == 5


def test_a_shelf_that_a_parcel_has_left_is_counted_again(
    tea: Sku, shopper_api: APIClient, staff: Any
) -> None:
    order = paid_order(shopper_api, line(tea.product, 3))
    content = counted(tea, staff, 实盘数量=7)
    checked = uploaded("stock", content, staff)
    order_ship(
        order_id=order.pk, carrier="SF", tracking_no="SF1001", operator_id=staff.pk
    )
    told = [(2, "应有数量", "导出之后有发货或退货入库,请重新导出盘点表后再数")]
    assert problems(uploaded("stock", content, staff)) == told
    assert problems(confirmed(checked)) == told
    assert Sku.objects.get().stock == 7


def test_pieces_wait_from_the_order_to_the_parcel(
    tea: Sku, shopper_api: APIClient, staff: Any
) -> None:
    order = paid_order(shopper_api, line(tea.product, 3))
    assert pieces_waiting([tea.pk]) == {tea.pk: 3}
    item = order.items.get()
    order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no="SF1001",
        operator_id=staff.pk,
        quantities={item.pk: 1},
    )
    assert pieces_waiting([tea.pk]) == {tea.pk: 2}
    Order.objects.update(status=OrderStatus.CANCELLED)
    assert pieces_waiting([tea.pk]) == {}
