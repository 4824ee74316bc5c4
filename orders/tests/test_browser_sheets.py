"""Prices changed by a sheet, and orders shipped by one, as staff do it."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Shipment
from orders.tests.conftest import line, paid_order
from shop.models import SheetTask
from shop.tests.browser import MARKS, Office
from shop.tests.sheets import done, rewritten, table
from shop.tests.sheets import exported as written
from shop.tests.sheets import uploaded as checked

pytestmark = MARKS
phone = pytest.mark.parametrize("office", ["phone-dark"], indirect=True)
DESK = "shop/sheettask/"


def worked(office: Office) -> None:
    """Let the worker do the newest task, and a second pass for the page's script."""
    done(SheetTask.objects.latest("pk"))
    office.page.clock.fast_forward(1000)


def exported(office: Office, folder: Path) -> list[dict[str, Any]]:
    """Export what the page offers, and download it once the worker has written it."""
    office.press("开始导出")
    worked(office)
    # The page follows by itself.
    link = office.page.get_by_role("link", name="下载表格")
    with office.page.expect_download() as download:
        link.click()
    path = folder / "out.xlsx"
    download.value.save_as(path)
    return table(path.read_bytes())


def uploaded(office: Office, rows: list[dict[str, Any]], folder: Path) -> None:
    """Upload rows, and wait until the page shows what came of the check."""
    path = folder / "in.xlsx"
    path.write_bytes(rewritten(rows))
    office.page.set_input_files("input[type=file]", path)
    office.press("上传并检查")
    assert office.page.locator("progress").is_visible()
    worked(office)
    office.page.locator("progress").wait_for(state="detached")


def test_two_prices_are_changed_by_a_sheet(
    office: Office, product_make: Any, api: APIClient, tmp_path: Path
) -> None:
    office.page.clock.install()
    tea, cup = product_make("龙井茶"), product_make("茶杯", price="20.00")
    office.open("catalog/product/?status=on_sale")
    office.act("/export/?status=on_sale")
    rows = exported(office, tmp_path)
    assert [row["名称"] for row in rows] == ["茶杯", "龙井茶"]
    rows[0]["价格"], rows[1]["价格"] = 25, "八十"
    office.open("catalog/product/")
    office.act("/import/")
    office.shot("sheet-upload")
    uploaded(office, rows, tmp_path)
    office.page.get_by_text("行 3「价格」").wait_for()
    office.page.get_by_text("价格必须是数字").wait_for()
    assert office.fits()
    office.shot("sheet-refused")
    office.follow("a:has-text('重新上传')")
    rows[1]["价格"] = 80
    uploaded(office, rows, tmp_path)
    office.page.get_by_text("20.00 → 25").wait_for()
    assert office.fits()
    office.shot("sheet-checked")
    office.press("确认导入")
    office.shot("sheet-applying")
    worked(office)
    office.page.get_by_text("已全部导入").wait_for()
    prices = [
        api.get(f"/api/products/{product.pk}").json()["data"]["price"]
        for product in (tea, cup)
    ]
    assert prices == ["80.00", "25.00"]


@phone
def test_three_orders_are_shipped_by_a_sheet(
    office: Office, product_make: Any, shopper_api: APIClient, tmp_path: Path
) -> None:
    office.page.clock.install()
    tea: Product = product_make(stock=100)
    orders = [paid_order(shopper_api, line(tea, n)) for n in (1, 2, 3)]
    office.open("orders/order/")
    office.act("/export/")
    office.page.get_by_label("待发货").check()
    rows = exported(office, tmp_path)
    for number, row in enumerate(rows):
        row |= {"快递公司": "中通快递", "快递单号": f"ZT{number}000"}
    office.open("orders/order/")
    office.act("/ship-sheet/")
    uploaded(office, rows, tmp_path)
    office.page.get_by_text("空 → 中通快递 ZT0000").wait_for()
    office.press("确认导入")
    worked(office)
    office.page.get_by_text("已全部导入").wait_for()
    assert [order.status for order in Order.objects.all()] == ["shipped"] * 3
    assert {parcel.order_id for parcel in Shipment.objects.all()} == {
        order.pk for order in orders
    }


def test_the_desk_on_every_screen(office: Office, product_make: Any) -> None:
    owner = User.objects.get(username="owner")
    product_make()
    [row] = table(written("products", [Product.objects.get().pk], owner))
    bad = checked("products", rewritten([{**row, "价格": "八十"}]), owner)
    checked("products", rewritten([{**row, "价格": 80}]), owner)
    office.everywhere(f"{DESK}{bad.pk}/change/", "sheet-refused")
    office.everywhere(DESK, "sheets")
