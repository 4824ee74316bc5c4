"""Whose deed a sheet is, and who may still do it or have what came of it."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, StockMovement
from orders.tests.conftest import line, paid_order
from shop.models import SheetFormat, SheetTask
from shop.sheets.services import sheet_confirm, sheet_export
from shop.tests.clerks import browser, clerk_of, permission_of
from shop.tests.sheets import done, exported, filled, table, uploaded

Make = Callable[..., Product]
REFUSAL = "操作人已停用,或不再有这项权限"
REVEAL = "accounts.reveal_shopper"


@pytest.fixture
def counted(product_make: Make, staff: User) -> bytes:
    """Make a product of ten pieces, and a sheet that counts seven."""
    sku = product_make("茶", stock=10).skus.get()
    return filled("stock", [sku.pk], staff, 实盘数量=7)


def stock() -> int:
    return int(Product.objects.get().skus.get().stock)


def dismissed(clerk: User) -> None:
    clerk.is_active = False
    clerk.save()


def stripped(clerk: User) -> None:
    clerk.user_permissions.clear()


@pytest.mark.parametrize("lose", [dismissed, stripped])
def test_what_was_confirmed_is_not_written_without_the_right_to_it(
    counted: bytes, lose: Callable[[User], None]
) -> None:
    clerk = clerk_of("clerk", "catalog.adjust_stock")
    task = uploaded("stock", counted, clerk)
    sheet_confirm(task_id=task.pk, confirmed_by_id=clerk.pk)
    lose(clerk)
    task = done(task)
    assert (task.state, task.error) == ("failed", REFUSAL)
    assert stock() == 10


def test_nothing_is_exported_without_the_right_to_it(
    product_make: Make, staff: User
) -> None:
    clerk = clerk_of("clerk", "catalog.export_product")
    task = sheet_export(
        kind="products",
        sheet_format=SheetFormat.CSV,
        ids=[product_make().pk],
        made_by_id=clerk.pk,
    )
    stripped(clerk)
    task = done(task)
    assert (task.state, task.error) == ("failed", REFUSAL)
    assert not task.files.exists()


def test_an_import_is_the_deed_of_who_confirmed_it(counted: bytes) -> None:
    first = clerk_of("first", "catalog.adjust_stock")
    second = clerk_of("second", "catalog.adjust_stock", "shop.view_every_sheet")
    task = uploaded("stock", counted, first)
    browser(second).post(f"/admin/shop/sheettask/{task.pk}/confirm/")
    # Who only uploaded it need not be there any more.
    dismissed(first)
    assert done(task).state == "done"
    assert stock() == 7
    assert StockMovement.objects.get(reason="adjustment").operator == second
    shown = browser(second).get(f"/admin/shop/sheettask/{task.pk}/change/")
    assert "second" in shown.content.decode()


@pytest.mark.parametrize("kind", ["orders", "parcels"])
def test_whole_addresses_are_for_those_who_may_read_them(
    kind: str, product_make: Make, shopper_api: APIClient
) -> None:
    order = paid_order(shopper_api, line(product_make("茶", stock=5), 1))
    rights = ("orders.export_order", "orders.ship_order", "shop.view_every_sheet")
    clerk = clerk_of("clerk", *rights)
    teller = clerk_of("teller", *rights, REVEAL)
    for maker, is_whole in ((teller, True), (clerk, False)):
        content = exported(kind, [order.pk], maker)
        task = SheetTask.objects.latest("pk")
        [row] = table(content)
        assert (row["手机号"] == order.phone) == is_whole
        url = f"/admin/shop/sheettask/{task.pk}/"
        assert browser(teller).get(f"{url}download/").status_code == 200
        answer = browser(clerk).get(f"{url}download/")
        assert answer.status_code == (403 if is_whole else 200)
        shown = browser(clerk).get(f"{url}change/").content.decode()
        assert ("您没有下载这个表格的权限" in shown) == is_whole
        assert ("下载表格" in shown) != is_whole


def test_who_may_read_no_addresses_any_more_gets_no_old_export(
    product_make: Make, shopper_api: APIClient
) -> None:
    order = paid_order(shopper_api, line(product_make("茶", stock=5), 1))
    teller = clerk_of("teller", "orders.export_order", REVEAL)
    exported("orders", [order.pk], teller)
    url = f"/admin/shop/sheettask/{SheetTask.objects.get().pk}/download/"
    assert browser(teller).get(url).status_code == 200
    teller.user_permissions.remove(permission_of(REVEAL))
    assert browser(teller).get(url).status_code == 403
