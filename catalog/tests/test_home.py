"""GET /api/home: what staff and the catalogue put there, when, and in which order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIClient

from catalog.home import BANNERS_MAX, NEW_AND_HOT_COUNT, SECTIONS_MAX
from catalog.models import (
    SECTION_PRODUCTS_MAX,
    Banner,
    HomeSection,
    Product,
    ProductStatus,
)
from catalog.pictures import pictures_in_use
from catalog.services.banners import banner_create, banner_delete, banner_update
from catalog.services.categories import category_create, category_delete
from catalog.services.home_sections import (
    CHOSEN_MAX,
    home_section_create,
    home_section_update,
)
from catalog.services.products import product_delete, products_set_status
from catalog.views import HomeView
from shop.api.kept.store import BODY_BYTES_MAX
from shop.errors import ShopError

Make = Callable[..., Product]
IMAGE = f"uploads/202601/{'a' * 32}.jpg"
NOW = datetime(2027, 1, 31, 16, tzinfo=timezone.get_default_timezone())


def banner(title: str = "新茶", **fields: Any) -> Banner:
    known = {"title": title, "image": IMAGE, "target_kind": "nothing"}
    return banner_create(fields=known | fields, operator_id=None)


def section(title: str, kind: str, *products: Product, **fields: Any) -> HomeSection:
    return home_section_create(
        fields={"title": title, "kind": kind} | fields,
        product_ids=[product.pk for product in products],
        operator_id=None,
    )


def home(api: APIClient) -> dict[str, Any]:
    response = api.get("/api/home")
    assert response.status_code == 200, response.content
    data: dict[str, Any] = response.json()["data"]
    return data


def titles(api: APIClient) -> list[str]:
    return [one["title"] for one in home(api)["banners"]]


def names(products: list[dict[str, Any]]) -> list[str]:
    return [product["name"] for product in products]


@pytest.fixture
def clock(monkeypatch: Any) -> Callable[[datetime], None]:
    """Return what sets the shop's clock; it stands at NOW."""
    times = [NOW]
    monkeypatch.setattr(timezone, "now", lambda: times[0])

    def move(moment: datetime) -> None:
        times[0] = moment

    return move


def test_an_empty_shop_has_an_empty_home(api: APIClient) -> None:
    parts = ("banners", "categories", "new", "hot", "sections")
    assert home(api) == {part: [] for part in parts}


def test_everything_in_three_statements(
    api: APIClient, product_make: Make, django_assert_num_queries: Any
) -> None:
    tea = category_create(name="茶", icon=IMAGE, position=2)
    cups = category_create(name="杯", position=1)
    green = category_create(name="绿茶", parent=tea)
    old = product_make("旧", category=green, sales=9, image=IMAGE, stock=7)
    new = product_make("新", category=cups, sales=1, original_price="120.00")
    product_make("下架", category=green, sales=99, status=ProductStatus.OFF_SALE)
    first = banner(target_kind="product", product=old)
    chosen = section("精选", "chosen", new, old, position=2, shown_count=1)
    of_tea = section("好茶", "category", category=tea, position=1)
    with django_assert_num_queries(3):
        data = home(api)
    image = f"{settings.PUBLIC_URL}/media/{IMAGE}"
    target = {"productId": None, "categoryId": None, "keyword": None, "path": None}
    target |= {"url": None, "kind": "product", "productId": old.pk}
    shown = {"id": first.pk, "title": "新茶", "image": image, "target": target}
    assert data["banners"] == [shown]
    assert data["categories"] == [
        {"id": cups.pk, "name": "杯", "icon": ""},
        {"id": tea.pk, "name": "茶", "icon": image},
    ]
    card_new = {
        "id": new.pk,
        "name": "新",
        "price": "99.00",
        "originalPrice": "120.00",
        "images": [],
        "stock": 10,
        "sales": 1,
    }
    card_old = card_new | {"id": old.pk, "name": "旧", "originalPrice": None}
    card_old |= {"images": [image], "stock": 7, "sales": 9}
    assert data["new"] == [card_new, card_old]
    assert data["hot"] == [card_old, card_new]
    assert data["sections"] == [
        {
            "id": of_tea.pk,
            "title": "好茶",
            "kind": "category",
            "categoryId": tea.pk,
            "products": [card_old],
        },
        {
            "id": chosen.pk,
            "title": "精选",
            "kind": "chosen",
            "categoryId": None,
            "products": [card_new],
        },
    ]


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
    api: APIClient, clock: Callable[[datetime], None]
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
        clock(now)
        assert (titles(api), row.state(now)) == (shown, state)
    row.is_active = False
    assert row.state(NOW + hour) == "off"


def test_the_page_is_kept_until_a_banner_begins_or_ends(
    db: None, clock: Callable[[datetime], None]
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
        clock(NOW + seconds * second)
        assert kept_seconds() == kept


@pytest.mark.django_db(transaction=True)
def test_nothing_is_kept_beyond_the_beginning(
    api: APIClient, clock: Callable[[datetime], None]
) -> None:
    begins_at = NOW + timedelta(microseconds=1)
    banner(starts_at=begins_at)
    # Twice, so that the page is wanted.
    assert [titles(api), titles(api)] == [[], []]
    clock(begins_at)
    assert titles(api) == ["新茶"]


def test_the_kinds_of_sections(api: APIClient, product_make: Make) -> None:
    tea = category_create(name="茶")
    green = category_create(name="绿茶", parent=tea)
    products = [
        product_make(f"茶{n}", category=green if n % 2 else tea, sales=n * 7 % 5)
        for n in range(5)
    ]
    off = product_make("停", category=tea, status=ProductStatus.OFF_SALE, sales=99)
    section("选", "chosen", products[3], off, products[0], products[3], position=1)
    section("新", "newest", position=2, shown_count=2)
    section("热", "best_selling", position=3, shown_count=2)
    section("茶", "category", category=tea, position=4, shown_count=3)
    section("停用", "newest", position=0, is_active=False)
    section("空", "chosen", off, position=0)
    shown = [(one["title"], names(one["products"])) for one in home(api)["sections"]]
    assert shown == [
        ("选", ["茶3", "茶0"]),
        ("新", ["茶4", "茶3"]),
        ("热", ["茶2", "茶4"]),
        ("茶", ["茶4", "茶3", "茶2"]),
    ]


def test_a_section_that_is_refused(db: None, product_make: Make) -> None:
    tea = product_make()
    kept = section("选", "chosen", tea)
    product_delete(product_id=(gone := product_make()).pk)
    too_many = [product_make() for _ in range(CHOSEN_MAX + 1)]
    for kind, ids, text in (
        ("chosen", [], "请至少选择一个商品"),
        ("chosen", [gone.pk], "商品不存在"),
        ("chosen", [one.pk for one in too_many], "最多选择50个商品"),
        ("category", [], "请选择分类"),
    ):
        fields = {"title": "新", "kind": kind}
        call: dict[str, Any] = {
            "fields": fields,
            "product_ids": ids,
            "operator_id": None,
        }
        with pytest.raises(ShopError, match=text):
            home_section_create(**call)
        with pytest.raises(ShopError, match=text):
            home_section_update(section_id=kept.pk, **call)
    row = HomeSection.objects.get()
    assert (row.title, row.kind) == ("选", "chosen")
    assert [line.product for line in row.lines.all()] == [tea]


def test_a_category_on_the_home_page_is_not_deleted(db: None) -> None:
    for use in (
        lambda category: banner(target_kind="category", category=category),
        lambda category: section("茶", "category", category=category),
    ):
        category = category_create(name="茶")
        row = use(category)
        with pytest.raises(ShopError, match="用在首页的轮播图或板块中"):
            category_delete(category_id=category.pk)
        row.delete()
        category_delete(category_id=category.pk)


def test_a_page_at_its_limits_is_still_kept(api: APIClient, product_make: Make) -> None:
    many = [
        product_make("茶" * 100, price="9999999.99", original_price="9999999.99")
        for _ in range(NEW_AND_HOT_COUNT)
    ]
    for product in many:
        product.images.create(file=IMAGE)
    for _ in range(BANNERS_MAX):
        banner("茶" * 50, target_kind="web", target=f"https://a.com/{'a' * 480}")
    for _ in range(SECTIONS_MAX + 1):
        section("茶" * 20, "chosen", *many, shown_count=SECTION_PRODUCTS_MAX)
    for number in range(12):
        category_create(name="茶" * 50, icon=IMAGE, position=number)
    response = api.get("/api/home")
    data = response.json()["data"]
    assert len(data["new"]) == len(data["hot"]) == NEW_AND_HOT_COUNT
    assert len(data["sections"]) == SECTIONS_MAX
    assert {len(one["products"]) for one in data["sections"]} == {SECTION_PRODUCTS_MAX}
    assert len(response.content) <= BODY_BYTES_MAX
