"""The desk of imports and exports, and the buttons of the lists that lead to it."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from catalog.models import Product, Sku
from shop.admin.sheet_page import sheet_told
from shop.models import SheetTask
from shop.tests.clerks import browser, clerk_of, clerk_with, permission_of
from shop.tests.sheets import (
    confirmed,
    done,
    filled,
    table,
    uploaded,
    workbook,
)

Make = Callable[..., Product]
DESK = "/admin/shop/sheettask/"
PRODUCTS = "/admin/catalog/product/"


@pytest.fixture
def boss(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def tea(product_make: Make) -> Product:
    return product_make("<b>茶</b>")


def repriced(product: Product, staff: User, price: Any) -> bytes:
    return filled("products", [product.pk], staff, 价格=price)


def sent(client: Client, kind: str, content: bytes, name: str = "a.xlsx") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(f"{DESK}upload/?kind={kind}", {"file": file})


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def page(client: Client, task: SheetTask) -> str:
    response = client.get(f"{DESK}{task.pk}/change/")
    assert response.status_code == 200
    return str(response.content.decode())


def downloaded(client: Client, task: SheetTask) -> Any:
    return client.get(f"{DESK}{task.pk}/download/")


def test_a_sheet_goes_from_upload_to_the_shop(
    boss: Client, tea: Product, staff: User
) -> None:
    answer = sent(boss, "products", repriced(tea, staff, 50), "价格.xlsx")
    task = SheetTask.objects.get(direction="import")
    assert answer["Location"] == f"{DESK}{task.pk}/change/"
    assert task.files.get().name == "价格.xlsx"
    assert "正在排队" in page(boss, task)
    url = f"{DESK}{task.pk}/progress/"
    assert boss.get(url).json() == {
        "state": "waiting",
        "isRunning": True,
        "percent": 0,
        "label": "等待",
        "rows": "0 / 0",
    }
    done(task)
    assert boss.get(url).json() == {
        "state": "checked",
        "isRunning": False,
        "percent": 100,
        "label": "待确认",
        "rows": "1 / 1",
    }
    html = page(boss, task)
    assert "确认导入" in html
    assert "99.00" in html
    # What staff or shoppers wrote stays a text.
    assert "&lt;b&gt;茶&lt;/b&gt;" in html
    assert "<b>茶" not in html
    # A link confirms nothing, and what is refused is not logged.
    assert boss.get(f"{DESK}{task.pk}/confirm/").status_code == 302
    answers = [boss.post(f"{DESK}{task.pk}/confirm/") for _ in range(2)]
    assert [told(answer)[-1] for answer in answers] == [
        "已确认,正在导入",
        "任务状态已变化,请刷新后重试",
    ]
    assert LogEntry.objects.get().change_message == "已确认,正在导入"
    done(task)
    assert str(tea.skus.get().price) == "50.00"
    assert "已全部导入" in page(boss, task)


def test_a_bad_cell_is_shown_with_its_place(
    boss: Client, tea: Product, staff: User
) -> None:
    task = uploaded("products", repriced(tea, staff, "<img src=x>"), staff)
    html = page(boss, task)
    assert "行 2「价格」" in html
    assert "价格必须是数字" in html
    assert "&lt;img src=x&gt;" in html
    assert "<img src=x>" not in html
    assert "确认导入" not in html
    assert f"{DESK}upload/?kind=products" in html
    answer = downloaded(boss, task)
    [row] = table(answer.getvalue())
    assert row == {
        "行": 2,
        "列": "价格",
        "填写的内容": "<img src=x>",
        "问题": "价格必须是数字",
    }
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"\x89PNG\0", "只能上传 xlsx 或 csv 文件"),
        (b"x" * (5 * 1024 * 1024 + 1), "文件不能超过5MB"),
        (b"", "文件是空的"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_at_once(
    boss: Client, content: bytes, refusal: str
) -> None:
    answer = sent(boss, "products", content)
    assert answer.status_code == 200
    assert refusal in answer.content.decode()
    assert not SheetTask.objects.exists()


@pytest.mark.parametrize(
    ("direction", "is_confirmed", "meaning"),
    [
        ("export", False, "没有生成表格,请重新导出。"),
        ("import", False, "没有写入任何内容。"),
        ("import", True, "已处理的行保持有效,其余的行没有写入。"),
    ],
)
def test_what_a_failure_leaves_is_told(
    staff: User, direction: str, is_confirmed: bool, meaning: str
) -> None:
    task = SheetTask(direction=direction, state="failed", made_by=staff)
    task.confirmed_at = timezone.now() if is_confirmed else None
    assert sheet_told(task) == meaning


def test_a_template_explains_its_columns(boss: Client) -> None:
    answer = boss.get(f"{DESK}template/?kind=parcels")
    book = load_workbook(io.BytesIO(answer.getvalue()))
    names = ["订单号", "快递公司", "快递单号", "收货人", "手机号", "地址", "商品"]
    assert next(book["数据"].values) == (*names, "买家留言", "地址校验")
    assert book["数据"].max_row == 1
    explained = list(book["说明"].values)
    assert explained[0] == ("列", "是否必填", "说明", "示例")
    assert explained[2] == (
        "快递公司",
        "必填",
        "名称或代码,例如:顺丰速运、SF",
        "顺丰速运",
    )


def test_a_list_exports_what_it_shows(
    boss: Client, tea: Product, product_make: Make
) -> None:
    cup, off = product_make("茶杯"), product_make("茶盘", status="off_sale")
    url = f"{PRODUCTS}export/?status=on_sale&q=茶&o=2"
    assert "列表当前筛选出的2条" in boss.get(url).content.decode()
    answer = boss.post(url, {"kind": "products", "format": "csv"})
    task = SheetTask.objects.get()
    assert answer["Location"] == f"{DESK}{task.pk}/change/"
    assert task.parameters == {"ids": sorted([tea.pk, cup.pk], key=_name_of)}
    assert off.pk not in task.parameters["ids"]
    listed = boss.get(f"{PRODUCTS}?status=on_sale").content.decode()
    assert f'href="{PRODUCTS}export/?status=on_sale"' in listed


def _name_of(pk: int) -> str:
    return Product.objects.get(pk=pk).name


def test_ticked_rows_are_exported(
    boss: Client, tea: Product, product_make: Make
) -> None:
    product_make("茶杯")
    boss.post(PRODUCTS, {"action": "export_chosen", "_selected_action": [tea.pk]})
    task = done(SheetTask.objects.get())
    assert (task.kind, task.format, task.total_rows) == ("products", "xlsx", 1)
    answer = downloaded(boss, task)
    assert [row["商品编号"] for row in table(answer.getvalue())] == [tea.pk]


def test_an_empty_list_exports_nothing(boss: Client) -> None:
    answer = boss.post(f"{PRODUCTS}export/", {"kind": "products", "format": "xlsx"})
    assert (answer["Location"], told(answer)) == (PRODUCTS, ["没有可以导出的内容"])
    assert not SheetTask.objects.exists()


def test_odd_filters_export_nothing(boss: Client, tea: Product) -> None:
    """They are refused as the list itself refuses them."""
    odd = "user__openid__startswith=o", "kind__exact=%00"
    answers = [
        boss.get(f"/admin/orders/{model}/export/?{query}")
        for model, query in zip(("order", "refund"), odd, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [400, 302]
    assert told(answers[1]) == ["筛选的内容不正确"]


def test_each_kind_asks_for_its_permission(tea: Product, staff: User) -> None:
    mine = uploaded("products", repriced(tea, staff, 50), staff)
    for permission, kind, status in (
        ("catalog.import_product", "products", 200),
        ("catalog.import_product", "stock", 403),
        ("catalog.adjust_stock", "stock", 200),
        ("orders.ship_order", "parcels", 200),
        ("orders.ship_order", "products", 403),
        ("catalog.export_product", "products", 403),
        ("orders.export_order", "orders", 403),
    ):
        clerk = clerk_with(permission)
        url = f"{DESK}upload/?kind={kind}"
        assert clerk.get(url).status_code == status, (permission, kind)
        if status == 403:
            assert sent(clerk, kind, workbook(["a"])).status_code == 403
        # Not theirs, whatever they may do with their own.
        for deed in ("confirm", "cancel", "download", "progress"):
            answer = clerk.post(f"{DESK}{mine.pk}/{deed}/")
            assert (answer.status_code, answer["Location"]) == (302, DESK)
    mine.refresh_from_db()
    assert mine.state == "checked"


def test_who_has_lost_the_permission_can_do_nothing_with_the_sheet(
    tea: Product, staff: User
) -> None:
    user = clerk_of("clerk", "catalog.import_product")
    clerk = browser(user)
    task = uploaded("products", repriced(tea, staff, 50), user)
    assert "确认导入" in page(clerk, task)
    user.user_permissions.clear()
    for deed in ("confirm", "cancel", "download", "progress", "change"):
        assert clerk.post(f"{DESK}{task.pk}/{deed}/").status_code == 403
    user.user_permissions.add(permission_of("catalog.export_product"))
    assert "确认导入" not in page(clerk, task)
    assert clerk.post(f"{DESK}{task.pk}/confirm/").status_code == 403
    task.refresh_from_db()
    assert task.state == "checked"


def test_staff_see_their_own_and_some_see_all(tea: Product, staff: User) -> None:
    uploaded("products", repriced(tea, staff, 50), staff)
    clerk = clerk_with("catalog.import_product")
    assert "导入商品 #" not in clerk.get(DESK).content.decode()
    auditor = clerk_with("shop.view_sheettask", "shop.view_every_sheet")
    assert "导入商品 #" in auditor.get(DESK).content.decode()


def test_the_pages_cost_the_same_for_few_and_many(
    boss: Client, tea: Product, product_make: Make, staff: User
) -> None:
    few = uploaded("products", repriced(tea, staff, 50), staff)
    one = _queries(boss, DESK), _queries(boss, f"{DESK}{few.pk}/change/")
    ids = [product_make(f"茶{n}").pk for n in range(20)]
    many = uploaded("products", filled("products", ids, staff, 价格=1), staff)
    confirmed(many)
    for _ in range(10):
        uploaded("products", repriced(tea, staff, 50), staff)
    more = _queries(boss, DESK), _queries(boss, f"{DESK}{many.pk}/change/")
    assert more == one
    assert max(one) <= 15
    assert Sku.objects.filter(price=1).count() == 20


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)
