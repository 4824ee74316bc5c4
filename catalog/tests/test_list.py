"""GET /api/products: filters, orders and pages; the keyword has a file of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as shop_settings
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from catalog.listing import ProductListing
from catalog.models import Product, ProductImage, ProductStatus, Sku
from catalog.services.categories import category_create
from catalog.services.products import products_set_status
from catalog.showcase import products_listed
from catalog.tests.conftest import listed, refused

Make = Callable[..., Product]


def test_a_product_has_exactly_these_keys(api: APIClient, product_make: Make) -> None:
    category = category_create(name="茶")
    product = product_make(
        "龙井", description="香", original_price="128.00", category=category, sales=7
    )
    Sku.objects.create(product=product, price="99.00", stock=5, specs={"a": "b"})
    for position, name in ((1, "uploads/b.jpg"), (0, "uploads/a.jpg")):
        ProductImage.objects.create(product=product, file=name, position=position)
    Product.objects.update(
        created_at=parse_datetime("2026-05-01T00:00:00Z"),
        updated_at=parse_datetime("2026-05-01T18:30:00.5Z"),
    )
    media = f"{shop_settings.PUBLIC_URL}/media/uploads"
    assert api.get("/api/products").json() == {
        "code": 0,
        "message": "成功",
        "data": {
            "list": [
                {
                    "id": product.pk,
                    "name": "龙井",
                    "description": "香",
                    "price": "99.00",
                    "originalPrice": "128.00",
                    "images": [f"{media}/a.jpg", f"{media}/b.jpg"],
                    "category": category.pk,
                    "categoryName": "茶",
                    "stock": 15,
                    "sales": 7,
                    "status": "on_sale",
                    "createdAt": "2026-05-01T08:00:00+08:00",
                    "updatedAt": "2026-05-02T02:30:00+08:00",
                }
            ],
            "pagination": {"total": 1, "page": 1, "size": 10, "totalPages": 1},
        },
    }


def test_only_on_sale_is_listed_and_the_newest_first(
    api: APIClient, product_make: Make
) -> None:
    for status in ("off_sale", "deleted"):
        product_make(status, status=status)
    for name in ("甲", "乙", "丙"):
        product_make(name)
    assert listed(api) == ["丙", "乙", "甲"]


def test_what_leaves_the_sale_while_it_is_listed_is_left_out(
    product_make: Make,
) -> None:
    first, second = product_make("甲"), product_make("乙")
    _, ids = ProductListing().page(0, 10)
    products_set_status(product_ids=[second.pk], status=ProductStatus.OFF_SALE)
    assert ids == [second.pk, first.pk]
    assert [product["id"] for product in products_listed(ids)] == [first.pk]


def test_retired_skus_do_not_count(api: APIClient, product_make: Make) -> None:
    product = product_make(stock=4)
    Sku.objects.create(product=product, price="1.00", stock=9, is_active=False)
    assert api.get("/api/products").json()["data"]["list"][0]["stock"] == 4


@pytest.mark.parametrize(
    ("ordering", "names"),
    [
        ("-createdAt", ["丙", "乙", "甲"]),
        ("price", ["乙", "甲", "丙"]),
        ("-price", ["丙", "甲", "乙"]),
        ("-sales", ["丙", "甲", "乙"]),
        ("", ["丙", "乙", "甲"]),
    ],
)
def test_orderings_break_ties_by_id(
    api: APIClient, product_make: Make, ordering: str, names: list[str]
) -> None:
    product_make("甲", price="9.90", sales=5)
    product_make("乙", price="1.00", sales=2)
    product_make("丙", price="9.90", sales=5)
    assert listed(api, ordering=ordering) == names


def test_pages_of_equal_products_neither_repeat_nor_skip(
    api: APIClient, product_make: Make
) -> None:
    made = [product_make(f"同价{n}").name for n in range(7)]
    pages = [listed(api, ordering="-price", size=3, page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in page] == made[::-1]


@pytest.mark.parametrize("page", ["4", "1000000000", "1" + "0" * 22])
def test_a_page_past_the_end_is_empty_and_reads_no_row(
    api: APIClient,
    product_make: Make,
    django_assert_num_queries: Any,
    page: str,
) -> None:
    for number in range(7):
        product_make(f"商品{number}")
    with django_assert_num_queries(1):
        data = api.get("/api/products", {"page": page, "size": 3}).json()["data"]
    assert data["list"] == []
    assert data["pagination"] == {
        "total": 7,
        "page": int(page),
        "size": 3,
        "totalPages": 3,
    }


def test_category_takes_its_subtree(api: APIClient, product_make: Make) -> None:
    tea = category_create(name="茶")
    green = category_create(name="绿茶", parent=tea)
    spring = category_create(name="明前", parent=green)
    product_make("茶具", category=tea)
    product_make("龙井", category=spring)
    product_make("衬衫", category=category_create(name="服饰"))
    product_make("无类")
    assert listed(api, category=tea.pk) == ["龙井", "茶具"]
    assert listed(api, category=green.pk) == ["龙井"]
    assert listed(api, category="0") == []
    assert listed(api, category="9" * 30) == []


def test_prices_in_stock_and_all_together(api: APIClient, product_make: Make) -> None:
    category = category_create(name="茶")
    product_make("便宜", price="9.99", category=category)
    product_make("正好", price="10.00", category=category)
    product_make("售罄", price="15.00", category=category, stock=0)
    product_make("贵", price="20.00", category=category)
    assert listed(api, minPrice="10") == ["贵", "售罄", "正好"]
    assert listed(api, maxPrice="10.00") == ["正好", "便宜"]
    assert listed(api, maxPrice="0") == []
    assert listed(api, inStock="true") == ["贵", "正好", "便宜"]
    assert listed(api, inStock="false") == ["贵", "售罄", "正好", "便宜"]
    assert listed(
        api,
        category=category.pk,
        minPrice="10",
        maxPrice="19.99",
        inStock="true",
        keyword="正",
        ordering="price",
    ) == ["正好"]


def test_in_stock_asks_for_an_active_sku(api: APIClient, product_make: Make) -> None:
    product = product_make("售罄", stock=0)
    Sku.objects.create(product=product, price="1.00", stock=9, is_active=False)
    assert listed(api, inStock="true") == []


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("page=0", "page", "page不能小于1"),
        ("page=-1", "page", "page不能小于1"),
        ("page=abc", "page", "page必须是数字"),
        ("size=101", "size", "size不能大于100"),
        ("category=abc", "category", "分类必须是数字"),
        ("category=1%20OR%201=1", "category", "分类必须是数字"),
        ("minPrice=-1", "minPrice", "最低价必须是数字"),
        ("minPrice=NaN", "minPrice", "最低价必须是数字"),
        ("minPrice=１", "minPrice", "最低价必须是数字"),
        ("maxPrice=1e9", "maxPrice", "最高价必须是数字"),
        ("maxPrice=1.234", "maxPrice", "最高价必须是数字"),
        ("maxPrice=" + "9" * 400, "maxPrice", "最高价必须是数字"),
        ("inStock=maybe", "inStock", "有货格式不正确"),
        ("ordering=id", "ordering", "排序格式不正确"),
        ("ordering=price;drop", "ordering", "排序格式不正确"),
        ("ordering=price%00", "ordering", "排序格式不正确"),
    ],
)
def test_bad_values_are_named(
    api: APIClient, product_make: Make, query: str, field: str, message: str
) -> None:
    product_make()
    response = api.get(f"/api/products?{query}")
    refused(response, **{field: message})
    assert response.json()["message"] == message


def test_unknown_and_empty_parameters_are_ignored(
    api: APIClient, product_make: Make
) -> None:
    product_make("龙井")
    assert listed(api, foo="1", status="deleted", keyword="", category="") == ["龙井"]


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        # How many there are, which are on the page, these rows.
        ({}, 3),
        ({"category": "茶"}, 3),
        # What was found is counted in the statement that finds it.
        ({"keyword": "茶"}, 2),
        ({"minPrice": "1", "inStock": "true"}, 2),
        ({"category": "茶", "keyword": "茶", "inStock": "true"}, 3),
    ],
)
def test_few_statements_whatever_the_rows(
    api: APIClient,
    product_make: Make,
    django_assert_num_queries: Any,
    query: dict[str, Any],
    statements: int,
) -> None:
    category = category_create(name="茶")
    for number in range(30):
        product = product_make(f"茶{number}", category=category, image="uploads/a.jpg")
        Sku.objects.create(product=product, price="9.00", specs={"a": "b"})
    if "category" in query:
        query = {**query, "category": category.pk}
    for size in (1, 30):
        with django_assert_num_queries(statements):
            assert len(listed(api, size=size, **query)) == size


@pytest.mark.parametrize("header", ["Bearer rubbish", "Bearer", "Basic eDp5"])
def test_reading_ignores_authorization(
    api: APIClient, product_make: Make, header: str
) -> None:
    product = product_make()
    api.credentials(HTTP_AUTHORIZATION=header)
    for path in ("/api/products", f"/api/products/{product.pk}", "/api/categories"):
        assert api.get(path).status_code == 200


def test_staff_see_what_everybody_sees(
    staff_api: APIClient, product_make: Make
) -> None:
    hidden = [product_make(status, status=status) for status in ProductStatus]
    assert listed(staff_api) == ["on_sale"]
    found = [staff_api.get(f"/api/products/{p.pk}").status_code for p in hidden]
    assert found == [200, 404, 404]


def test_reads_are_limited_per_address(
    api: APIClient, product_make: Make, settings: Any, still_clock: int
) -> None:
    settings.RATELIMITS = {**settings.RATELIMITS, "read": "2/900s"}
    codes = [api.get("/api/products").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
