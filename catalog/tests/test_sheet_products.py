"""Products by sheet: out, changed, back in; and what is refused of them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Category, Product, ProductImage, Sku, StockMovement
from catalog.services.products import product_create, product_update
from catalog.services.skus import SkuChange
from shop.models import SheetFormat
from shop.tests.sheets import (
    confirmed,
    counts,
    exported,
    problems,
    rewritten,
    table,
    uploaded,
    workbook,
)

Make = Callable[..., Product]
HEADER = ["商品编号", "版本", "名称", "状态", "SKU编号", "规格", "价格", "初始库存"]


@pytest.fixture
def shirt(db: None) -> Product:
    """Make a product that has all that a sheet can hold."""
    clothes = Category.objects.create(name="服装")
    category = Category.objects.create(name="上衣", parent=clothes)
    return product_create(
        fields={
            "name": "-5℃保暖衬衫",
            "description": "<p>第一行\n第二行</p>",
            "category": category,
            "original_price": Decimal("129.90"),
        },
        skus=[
            SkuChange(
                specs={"颜色": color, "尺码": "M"},
                price=Decimal(price),
                stock=stock,
                alarm_stock=alarm,
                code=code,
            )
            for color, price, stock, alarm, code in (
                ("红", "99.90", 3, 5, "6901234567890"),
                ("蓝", "89.00", 0, 0, "=SUM(A1)"),
            )
        ],
        images=["images/a.webp"],
        operator_id=None,
    )


def state() -> list[Any]:
    """Return all that a sheet could have written."""
    return [
        list(Product.objects.order_by("pk").values()),
        list(Sku.objects.order_by("pk").values()),
        list(ProductImage.objects.order_by("pk").values()),
        list(StockMovement.objects.order_by("pk").values()),
    ]


@pytest.mark.parametrize("sheet_format", SheetFormat)
def test_an_export_comes_back_without_a_change(
    sheet_format: SheetFormat, shirt: Product, product_make: Make, staff: Any
) -> None:
    tea = product_make()
    before = state()
    content = exported("products", [tea.pk, shirt.pk], staff, sheet_format)
    task = uploaded("products", content, staff)
    assert (task.format, task.state, task.problems) == (sheet_format, "done", [])
    assert counts(task) == (0, 0, 3, 0)
    assert state() == before


def test_a_row_tells_a_sku_with_its_product(shirt: Product, staff: Any) -> None:
    red, blue = table(exported("products", [shirt.pk], staff))
    sku = shirt.skus.get(position=0)
    assert red == {
        "商品编号": shirt.pk,
        "版本": shirt.version,
        "名称": "'-5℃保暖衬衫",
        "分类": "服装/上衣",
        "状态": "在售",
        "原价": 129.9,
        "描述": "<p>第一行\n第二行</p>",
        "SKU编号": sku.pk,
        "规格": "颜色:红 尺码:M",
        "价格": 99.9,
        "报警库存": 5,
        "编码": "6901234567890",
        "初始库存": None,
    }
    assert (blue["描述"], blue["编码"]) == (None, "'=SUM(A1)")


def test_prices_are_checked_shown_and_written(shirt: Product, staff: Any) -> None:
    rows = table(exported("products", [shirt.pk], staff))
    rows[0]["价格"], rows[1]["价格"] = 95, "79.50"
    task = uploaded("products", rewritten(rows), staff)
    assert (task.state, counts(task)) == ("checked", (0, 2, 0, 0))
    assert task.preview == [
        {
            "row": number,
            "name": f"-5℃保暖衬衫 颜色:{color} 尺码:M",
            "changes": [{"column": "价格", "old": old, "new": new}],
        }
        for number, color, old, new in (
            (2, "红", "99.90", "95"),
            (3, "蓝", "89.00", "79.50"),
        )
    ]
    assert [sku.price for sku in shirt.skus.order_by("position")] == [
        Decimal("99.90"),
        Decimal("89.00"),
    ]
    task = confirmed(task)
    assert (task.state, counts(task), task.done_rows) == ("done", (0, 2, 0, 0), 2)
    assert [sku.price for sku in shirt.skus.order_by("position")] == [
        Decimal("95.00"),
        Decimal("79.50"),
    ]
    shirt.refresh_from_db()
    assert shirt.price == Decimal("79.50")
    assert [image.file for image in shirt.images.all()] == ["images/a.webp"]
    assert sum(sku.stock for sku in shirt.skus.all()) == 3


def test_all_of_a_product_can_be_changed(shirt: Product, staff: Any) -> None:
    Category.objects.create(name="特价")
    rows = table(exported("products", [shirt.pk], staff))
    rows[0] |= {
        "名称": "衬衫",
        "分类": "特价",
        "状态": "下架",
        "原价": "清空",
        "描述": "<b>新</b><script>x</script>",
        "规格": "颜色:绿 尺码:M",
        "编码": "清空",
    }
    rows[1] |= dict.fromkeys(("名称", "分类", "状态", "原价"))
    rows[1]["编码"] = "B-1"
    task = confirmed(uploaded("products", rewritten(rows), staff))
    assert (task.state, counts(task), task.problems) == ("done", (0, 2, 0, 0), [])
    shirt.refresh_from_db()
    assert (shirt.name, shirt.status, shirt.original_price, shirt.description) == (
        "衬衫",
        "off_sale",
        None,
        "<b>新</b>x",
    )
    assert str(shirt.category) == "特价"
    skus = Sku.objects.filter(product=shirt, is_active=True).order_by("position")
    assert [(sku.specs["颜色"], sku.code) for sku in skus] == [
        ("绿", ""),
        ("蓝", "B-1"),
    ]


def test_alarm_levels_are_checked_shown_and_written(shirt: Product, staff: Any) -> None:
    rows = table(exported("products", [shirt.pk], staff))
    assert [row["报警库存"] for row in rows] == [5, 0]
    bad = [{**rows[0], "报警库存": -1}, {**rows[1], "报警库存": "少"}]
    assert problems(uploaded("products", rewritten(bad), staff)) == [
        (2, "报警库存", "报警库存不能小于0"),
        (3, "报警库存", "报警库存必须是数字"),
    ]
    # Empty leaves it, and a new SKU begins with none.
    new = {"商品编号": shirt.pk, "规格": "颜色:绿 尺码:M", "价格": 30}
    rows = [{**rows[0], "报警库存": None}, {**rows[1], "报警库存": 8}]
    rows = [*rows, {**dict.fromkeys(rows[0]), **new}]
    task = uploaded("products", rewritten(rows), staff)
    assert (task.state, counts(task)) == ("checked", (1, 1, 1, 0)), task.problems
    changes = {"column": "报警库存", "old": "0", "new": "8"}
    assert task.preview[0]["changes"] == [changes]
    confirmed(task)
    skus = shirt.skus.filter(is_active=True).order_by("position")
    assert [sku.alarm_stock for sku in skus] == [5, 8, 0]
    assert [sku.stock for sku in skus] == [3, 0, 0]


def test_new_products_and_skus_come_with_their_stock(
    shirt: Product, staff: Any
) -> None:
    red = shirt.skus.get(position=0)
    content = workbook(
        HEADER,
        [None, None, "绿茶", None, None, "重量:50克", 30, 5],
        [None, None, None, None, None, "重量:100克", "55.50", None],
        [None, None, "红茶", "在售", None, None, 20, 7],
        [shirt.pk, shirt.version, None, None, red.pk, None, None, None],
        [shirt.pk, None, None, None, None, "颜色:紫 尺码:M", 66, 4],
    )
    task = uploaded("products", content, staff)
    assert (task.state, counts(task)) == ("checked", (4, 0, 1, 0)), task.problems
    assert Product.objects.count() == 1
    task = confirmed(task)
    assert (task.state, counts(task)) == ("done", (4, 0, 1, 0))
    green = Product.objects.get(name="绿茶")
    assert (green.status, green.price) == ("off_sale", Decimal("30.00"))
    assert [(s.specs, s.stock) for s in green.skus.order_by("position")] == [
        ({"重量": "50克"}, 5),
        ({"重量": "100克"}, 0),
    ]
    black = Product.objects.get(name="红茶")
    assert (black.status, black.skus.get().stock) == ("on_sale", 7)
    assert [sku.specs["颜色"] for sku in shirt.skus.order_by("position")] == [
        "红",
        "蓝",
        "紫",
    ]
    movements = StockMovement.objects.filter(sku__product=black)
    assert [(m.delta, m.reason, m.operator) for m in movements] == [
        (7, "initial", staff)
    ]


def test_each_bad_cell_is_named_and_nothing_is_written(
    shirt: Product, staff: Any, product_make: Make
) -> None:
    tea, gone = product_make(), product_make(status="deleted")
    red, blue = shirt.skus.order_by("position")
    of_tea = tea.skus.get().pk
    header = [*HEADER, "编码", "分类", "原价"]
    empty = [None] * 3
    before = state()
    content = workbook(
        header,
        [shirt.pk, shirt.version, None, "卖", red.pk, None, "贵", None, *empty],
        [shirt.pk, None, "另名", None, blue.pk, "红", 0, 3, *empty],
        [None, None, None, None, None, "颜色:黄", None, "多", "=SUM(A1)", "无", -1],
        [tea.pk, "旧", None, None, red.pk, None, None, None, "6901234567890", None, 1],
        [gone.pk, gone.version, None, None, None, None, 1, None, *empty],
        [None, None, "新", "在售", None, "颜色:黄", 1, None, *empty],
        [None, None, "新", None, None, "颜色:黄", 1, None, *empty],
        [tea.pk, tea.version, None, None, of_tea, None, "=1+1", None, *empty],
        [10**22, None, None, None, None, None, 1.999, None, *empty],
    )
    task = uploaded("products", content, staff)
    assert (task.state, counts(task)[3]) == ("refused", 8)
    assert problems(task) == [
        (2, "状态", "状态只能是在售或下架"),
        (2, "价格", "价格必须是数字"),
        (3, "名称", "和同一商品的第2行不一致"),
        (3, "规格", "规格请写成“颜色:红 尺码:M”"),
        (3, "价格", "价格不能小于0.01"),
        (3, "初始库存", "只用于新SKU;已有SKU的库存请用盘点表"),
        (4, "编码", "不能是公式,请粘贴为数值"),
        (4, "分类", "和同一商品的第2行不一致"),
        (4, "原价", "和同一商品的第2行不一致"),
        (4, "价格", "新SKU的价格不能为空"),
        (4, "初始库存", "库存必须是数字"),
        (5, "SKU编号", "和第2行重复"),
        (5, "版本", "商品已被他人修改,请重新导出后再改"),
        (6, "商品编号", "商品不存在或已删除"),
        (7, "规格", "SKU规格重复"),
        (9, "价格", "不能是公式,请粘贴为数值"),
        (9, "商品编号", "和第5行是同一商品,请把它们放在一起"),
        (10, "商品编号", "数字太长,已被表格软件改写,请把该列设为文本格式后重新填写"),
    ]
    assert state() == before


def test_a_product_that_somebody_edited_meanwhile_is_refused(
    shirt: Product, product_make: Make, staff: Any
) -> None:
    tea = product_make()
    content = exported("products", [shirt.pk, tea.pk], staff)
    rows = table(content)
    for row in rows:
        row["价格"] = 50
    task = uploaded("products", rewritten(rows), staff)
    assert task.state == "checked"
    product_update(product_id=shirt.pk, fields={"name": "改名"}, operator_id=None)
    late = uploaded("products", rewritten(rows), staff)
    told = "商品已被他人修改,请重新导出后再改"
    assert (late.state, problems(late)) == ("refused", [(2, "版本", told)])
    # What was checked before: the others are written.
    task = confirmed(task)
    assert (task.state, problems(task)) == ("done", [(2, "版本", told)])
    assert counts(task) == (0, 2, 0, 1)
    assert table(bytes(task.files.get(role="result").content)) == [
        {"行": 2, "列": "版本", "填写的内容": rows[0]["版本"], "问题": told}
    ]
    assert [sku.price for sku in shirt.skus.order_by("position")] == [
        Decimal("99.90"),
        Decimal("89.00"),
    ]
    assert tea.skus.get().price == Decimal("50.00")
