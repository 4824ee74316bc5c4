"""Banners: where they lead, when they are shown, and what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.test import APIClient

from catalog.home import BANNERS_MAX
from catalog.models import Banner, Product, ProductStatus
from catalog.pictures import pictures_in_use
from catalog.services.banners import banner_create, banner_delete, banner_update
from catalog.services.products import product_delete, products_set_status
from catalog.tests.home import IMAGE, NOW, banner, home, titles
from catalog.views import HomeView
from shop.errors import ShopError

Make = Callable[..., Product]


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({"target_kind": "search", "target": " <b>龙井</b> "}, {"keyword": "龙井"}),
        (
            {"target_kind": "page", "target": "pages/list/list?id=3"},
            {"path": "/pages/list/list?id=3"},
        ),
        (
            {"target_kind": "web", "target": "https://example.com/a?b=1&c=2"},
            {"url": "https://example.com/a?b=1&c=2"},
        ),
        # Of another kind, and so left out.
        ({"target_kind": "nothing", "target": "龙井"}, {}),
    ],
)
def test_where_a_banner_leads(
    api: APIClient, fields: dict[str, str], target: dict[str, str]
) -> None:
    banner(**fields)
    told = home(api)["banners"][0]["target"]
    keys = {"productId", "categoryId", "keyword", "path", "url"}
    assert told == dict.fromkeys(keys) | {"kind": fields["target_kind"]} | target


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"image": ""}, "图片不能为空"),
        ({"target_kind": "product"}, "请选择商品"),
        ({"target_kind": "category"}, "请选择分类"),
        ({"target_kind": "search", "target": "<i></i>"}, "请填写1到50个字的搜索词"),
        (
            {"target_kind": "page", "target": "javascript:alert(1)"},
            "请填写小程序页面路径,例如 /pages/list/list?id=3",
        ),
        (
            {"target_kind": "web", "target": "http://a.com"},
            "请填写 https:// 开头的网址",
        ),
        ({"target_kind": "web", "target": "https://a@b.com/"}, "网址中不能有用户名"),
        ({"starts_at": NOW, "ends_at": NOW}, "结束时间要晚于开始时间"),
    ],
)
def test_a_banner_that_is_refused(db: None, fields: dict[str, Any], text: str) -> None:
    kept = banner()
    known = {"title": "新茶", "image": IMAGE, "target_kind": "nothing"} | fields
    for write in (
        lambda: banner_create(fields=known, operator_id=None),
        lambda: banner_update(banner_id=kept.pk, fields=known, operator_id=None),
    ):
        with pytest.raises(ShopError) as refused:
            write()
        assert refused.value.message == text
    unchanged = Banner.objects.get()
    assert (unchanged.image, unchanged.target_kind) == (IMAGE, "nothing")


def test_a_banner_goes_and_comes_with_its_product(
    api: APIClient, product_make: Make
) -> None:
    product = product_make()
    banner(target_kind="product", product=product)
    for status, shown in (("off_sale", []), ("on_sale", ["新茶"])):
        products_set_status(product_ids=[product.pk], status=ProductStatus(status))
        assert titles(api) == shown
    product_delete(product_id=product.pk)
    assert titles(api) == []
    with pytest.raises(ShopError, match="商品不存在"):
        banner("又来", target_kind="product", product=product)


def test_a_banners_picture_is_in_use(db: None) -> None:
    row = banner()
    assert pictures_in_use({IMAGE, "uploads/z.jpg"}) == {IMAGE}
    banner_delete(banner_id=row.pk, operator_id=None)
    assert pictures_in_use({IMAGE}) == set()


def test_banners_in_their_order_and_not_too_many(api: APIClient) -> None:
    banner("停用", is_active=False, position=-1)
    for number in range(BANNERS_MAX + 1):
        banner(f"第{number}张", position=-number)
    assert titles(api) == [f"第{n}张" for n in range(BANNERS_MAX, 0, -1)]


def test_a_banner_is_shown_from_its_beginning_until_its_end(
    api: APIClient, set_clock: Any
) -> None:
    hour, moment = timedelta(hours=1), timedelta(microseconds=1)
    banner("总在", position=1)
    period = {"starts_at": NOW + hour, "ends_at": NOW + 2 * hour}
    row = banner("限时", **period)
    for now, shown, state in (
        (NOW, ["总在"], "coming"),
        (NOW + hour - moment, ["总在"], "coming"),
        (NOW + hour, ["限时", "总在"], "running"),
        (NOW + 2 * hour - moment, ["限时", "总在"], "running"),
        (NOW + 2 * hour, ["总在"], "over"),
    ):
        set_clock(now)
        assert (titles(api), row.state(now)) == (shown, state)
    row.is_active = False
    assert row.state(NOW + hour) == "off"


def test_the_page_is_kept_until_a_banner_begins_or_ends(
    db: None, set_clock: Any
) -> None:
    """Three seconds at most, and nothing that is switched off counts."""
    second = timedelta(seconds=1)

    def kept_seconds() -> float:
        view = HomeView()
        view.get(Request(HttpRequest()))
        return view.kept_seconds

    banner(starts_at=NOW + second, ends_at=NOW + 9 * second)
    banner(starts_at=NOW + second / 4, is_active=False)
    for seconds, kept in ((0, 1), (0.5, 0.5), (1, 3), (8.5, 0.5), (9, 3)):
        set_clock(NOW + seconds * second)
        assert kept_seconds() == kept


@pytest.mark.django_db(transaction=True)
def test_nothing_is_kept_beyond_the_beginning(api: APIClient, set_clock: Any) -> None:
    set_clock(NOW)
    begins_at = NOW + timedelta(microseconds=1)
    banner(starts_at=begins_at)
    # Twice, so that the page is wanted.
    assert [titles(api), titles(api)] == [[], []]
    set_clock(begins_at)
    assert titles(api) == ["新茶"]
