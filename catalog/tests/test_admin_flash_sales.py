"""The desk of flash sales: its page, its actions and its calendar."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import FlashSale, FlashSaleSku, Product, Sku
from catalog.services.flash_sales import flash_sale_create
from catalog.tests.flash_sales import HOUR, line, terms

DESK = "/admin/catalog/flashsale/"


@pytest.fixture
def sku(product_make: Callable[..., Product]) -> Sku:
    return product_make("龙井茶", price="99.00", stock=10).skus.get()


def page_of(*lines: dict[str, Any], initial: int = 0, **fields: Any) -> dict[str, Any]:
    """Return what the page sends: tomorrow's sale, and the rows of its table."""
    day = timezone.localdate() + timedelta(days=1)
    sent = {
        "name": "午间秒杀",
        "kind": "flash",
        "starts_at_0": str(day),
        "starts_at_1": "12:00:00",
        "ends_at_0": str(day),
        "ends_at_1": "14:00:00",
        "lines-TOTAL_FORMS": len(lines),
        "lines-INITIAL_FORMS": initial,
        **fields,
    }
    for number, row in enumerate(lines):
        sent |= {f"lines-{number}-{name}": value for name, value in row.items()}
    return sent


def row_of(sku: Sku, **changes: Any) -> dict[str, Any]:
    row = {"sku_id": sku.pk, "price": "59.00", "stock": 5, "user_limit": 2}
    return row | {"min_quantity": ""} | changes


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def running(sku: Sku, **changes: Any) -> FlashSale:
    now = timezone.now()
    times = {"starts_at": now - HOUR, "ends_at": now + HOUR}
    return flash_sale_create(**terms(line(sku), **times, **changes))


def test_a_sale_is_added_changed_and_deleted(
    client: Client, sku: Sku, product_make: Callable[..., Product]
) -> None:
    answer = client.post(f"{DESK}add/", page_of(row_of(sku), name="<b>午间</b>秒杀"))
    assert answer.status_code == 302, text_of(answer)
    sale, row = FlashSale.objects.get(), FlashSaleSku.objects.get()
    assert (sale.name, sale.kind, row.sku) == ("午间秒杀", "flash", sku)
    assert (str(row.price), row.stock, row.user_limit, row.min_quantity) == (
        *("59.00", 5, 2),
        1,
    )
    assert timezone.localtime(row.starts_at).hour == 12

    url = f"{DESK}{sale.pk}/change/"
    assert "龙井茶" in text_of(client.get(url))
    other = product_make("茶杯", price="20.00").skus.get()
    kept = row_of(sku, id=row.pk, price="49.00", user_limit="")
    added = row_of(other, price="9.00")
    seen = {"initial": 1, "version": sale.version}
    answer = client.post(url, page_of(kept, added, **seen))
    assert answer.status_code == 302, text_of(answer)
    # Whoever had it open before saves nothing over that.
    older = client.post(url, page_of(row_of(sku, id=row.pk), name="改名", **seen))
    assert "活动已被他人修改" in text_of(older)
    rows = FlashSaleSku.objects.order_by("sku").values_list("price", "user_limit")
    assert [(str(price), limit) for price, limit in rows] == [
        ("49.00", None),
        ("9.00", 2),
    ]
    assert LogEntry.objects.count() == 2
    answer = client.post(f"{DESK}{sale.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not FlashSale.objects.exists()


def test_what_is_refused_is_told_and_what_was_typed_stays(
    client: Client, sku: Sku
) -> None:
    client.post(f"{DESK}add/", page_of(row_of(sku)))
    before = [*FlashSaleSku.objects.values()]
    for sent, told in (
        (page_of(row_of(sku), name="另一个"), "龙井茶在“午间秒杀”("),
        (page_of(row_of(sku, price="99.00")), "龙井茶的活动价应低于售价99.00"),
        (page_of(row_of(sku), kind="group"), "龙井茶的起购件数应在2到活动库存之间"),
        (page_of(row_of(sku, price="0")), "价格不能小于0.01"),
        (page_of(row_of(sku, stock="")), "活动库存不能为空"),
        (page_of(row_of(sku, sku_id="")), "商品规格不能为空"),
        (page_of(row_of(sku, sku_id=10**17)), "有商品或规格已删除,请重新选择"),
        (page_of(row_of(sku, sku_id=10**30)), "有商品或规格已删除,请重新选择"),
        (page_of(row_of(sku, sku_id="x")), "商品规格不存在"),
        (page_of(row_of(sku, sku_id="9" * 5000)), "商品规格不存在"),
        (page_of(), "活动至少要有一个商品"),
        (page_of(row_of(sku), ends_at_1="12:00:00"), "结束时间必须晚于开始时间"),
        (page_of(row_of(sku), name="<i></i>"), "名称不能为空"),
        (page_of(row_of(sku), name="长" * 51), "不超过 50 字符 (目前字符数 51)"),
        (page_of(row_of(sku), starts_at_0=""), "开始时间不能为空"),
    ):
        page = text_of(client.post(f"{DESK}add/", sent))
        assert told in page
        if sent["lines-TOTAL_FORMS"] and sent["lines-0-sku_id"] == sku.pk:
            assert f'<option value="{sku.pk}" selected' in page
    assert [*FlashSaleSku.objects.values()] == before


def test_what_has_begun_is_read_ended_and_restocked(client: Client, sku: Sku) -> None:
    sale = running(sku)
    row = FlashSaleSku.objects.get()
    url = f"{DESK}{sale.pk}/"
    page = text_of(client.get(f"{url}change/"))
    assert "提前结束" in page
    assert "追加库存" in page
    assert 'name="_save"' not in page
    change = page_of(row_of(sku, id=row.pk, price="1.00"), initial=1)
    assert client.post(f"{url}change/", change).status_code == 403
    assert client.post(f"{url}delete/", {"post": "yes"}).status_code == 403

    restock = f"{url}restock/"
    assert "已售0件;现有库存10件" in text_of(client.get(restock))
    page = text_of(client.post(restock, {f"stock_{row.pk}": "4"}))
    assert "龙井茶的活动库存是5,只能增加" in page
    assert client.post(restock, {f"stock_{row.pk}": "8"}).status_code == 302
    row.refresh_from_db()
    assert (row.stock, str(row.price)) == (8, "59.00")

    assert "马上恢复原价" in text_of(client.get(f"{url}end/"))
    assert client.post(f"{url}end/").status_code == 302
    sale.refresh_from_db()
    assert sale.is_ended_early
    # Twice does it once, and says so.
    answer = client.post(f"{url}end/", follow=True)
    assert "活动没有在进行" in text_of(answer)
    assert "提前结束活动" not in text_of(client.get(f"{url}change/"))


def test_the_list_tells_how_each_stands(
    client: Client, sku: Sku, product_make: Callable[..., Product]
) -> None:
    running(sku)
    FlashSaleSku.objects.update(sold=3)
    client.post(
        f"{DESK}add/", page_of(row_of(product_make("茶杯").skus.get()), name="明天")
    )
    shown = client.get(DESK).context["cl"].result_list
    assert [(sale.name, sale.line_count, sale.pieces_sold) for sale in shown] == [
        ("明天", 1, 0),
        ("午间秒杀", 1, 3),
    ]
    with CaptureQueriesContext(connection) as asked:
        assert "3 / 5" in text_of(client.get(DESK))
    # To count the sales nobody reads what was in all that there ever were.
    counts = [one["sql"] for one in asked if "SELECT COUNT(*)" in one["sql"]]
    assert [sql for sql in counts if "flashsalesku" in sql] == []
    assert counts
    for query, names in (
        ("phase=running", ["午间秒杀"]),
        ("phase=coming", ["明天"]),
        ("phase=over", []),
        ("kind=flash", ["明天", "午间秒杀"]),
        ("kind=group", []),
        ("q=明", ["明天"]),
    ):
        rows = client.get(f"{DESK}?{query}").context["cl"].result_list
        assert [sale.name for sale in rows] == names


def test_the_calendar_shows_a_sale_on_each_of_its_days(
    client: Client, sku: Sku
) -> None:
    start = datetime.fromisoformat("2049-01-31T22:00:00+08:00")
    flash_sale_create(
        **terms(line(sku), starts_at=start, ends_at=start + timedelta(hours=26))
    )

    def days(month: str) -> list[str]:
        page = client.get(f"{DESK}calendar/", {"month": month})
        weeks = page.context["weeks"]
        return [str(day.date) for week in weeks for day in week if day.spans]

    # It ends at midnight, and so before the next day.
    assert days("2049-01") == ["2049-01-31"]
    assert days("2049-02") == ["2049-02-01"]
    assert days("2049-03") == []
    page = client.get(f"{DESK}calendar/", {"month": "2049-01"}).context
    assert (page["earlier"], page["later"]) == ("2048-12", "2049-02")
    assert len(page["weeks"]) == 5
    this_month = timezone.localdate().replace(day=1)
    for odd in ("", "2049-13", "x", "9999-01"):
        assert client.get(f"{DESK}calendar/?month={odd}").context["month"] == this_month
