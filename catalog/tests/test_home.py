"""GET /api/home: everything in three statements, and the sections in their order."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from catalog.home import BANNERS_MAX, NEW_AND_HOT_COUNT, SECTIONS_MAX
from catalog.models import SECTION_PRODUCTS_MAX, HomeSection, Product, ProductStatus
from catalog.services.categories import category_create, category_delete
from catalog.services.home_sections import (
    CHOSEN_MAX,
    home_section_create,
    home_section_update,
)
from catalog.services.products import product_delete
from catalog.tests.home import IMAGE, banner, home, names, section
from shop.api.kept.store import BODY_BYTES_MAX
from shop.errors import ShopError

Make = Callable[..., Product]


def card(product: Product, **changes: Any) -> dict[str, Any]:
    """Return how a product of the maker's is shown."""
    shown = {"id": product.pk, "name": product.name, "price": "99.00"}
    shown |= {"originalPrice": None, "images": [], "stock": 10, "sales": 0}
    return shown | changes


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
    card_new = card(new, originalPrice="120.00", sales=1)
    card_old = card(old, images=[image], stock=7, sales=9)
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
