"""The keyword: a substring found is a product listed, and nothing else is."""

import string
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from catalog.models import Product, ProductSearch, ProductStatus
from catalog.services.products import products_set_status
from catalog.tests.conftest import listed, refused

Make = Callable[..., Product]

ALPHABET = "龙井茶叶龍aAbBéÉßſσςΣжЖ1%_\\'\"*[](){}|?.^$&;-+ 😀🇨🇳" + string.ascii_letters
TEXTS = st.text(ALPHABET, max_size=12)
KEYWORDS = st.text(ALPHABET, min_size=1, max_size=6).filter(str.strip)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4),
    keyword=KEYWORDS,
    data=st.data(),
)
def test_found_is_listed_and_nothing_else(
    api: APIClient,
    texts: list[tuple[str, str]],
    keyword: str,
    data: st.DataObject,
) -> None:
    """Compare with the plainest model; every other keyword is cut from a text."""
    start = data.draw(st.integers(0, 10))
    cut = data.draw(st.sampled_from(texts))[data.draw(st.integers(0, 1))]
    keyword = cut[start : start + data.draw(st.integers(1, 6))].strip() or keyword
    Product.objects.all().delete()
    for number, (name, description) in enumerate(texts):
        Product.objects.create(
            pk=number + 1, name=name, description=description, price=1
        )
    response = api.get("/api/products", {"keyword": keyword, "size": 100})
    found = {product["id"] for product in response.json()["data"]["list"]}
    wanted = keyword.strip().casefold()
    assert found == {
        number + 1
        for number, (name, description) in enumerate(texts)
        if wanted in name.casefold() or wanted in description.casefold()
    }


@pytest.mark.parametrize(
    ("keyword", "pieces"),
    [
        ("茶", ["茶"]),
        ("龙井", ["龙井"]),
        ("龙井茶", ["井茶", "龙井"]),
        ("t", ["t"]),
        ("te", ["te"]),
        ("teas", ["eas", "tea"]),
        ("茶tea龙", ["a龙", "tea", "茶t"]),
        ("ab茶", ["ab", "b茶"]),
        ("", []),
    ],
)
@pytest.mark.django_db
def test_the_index_is_asked_for_no_more_pieces_than_it_needs(
    keyword: str, pieces: list[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT catalog_search_asked(%s)", [keyword])
        assert sorted(cursor.fetchone()[0]) == pieces


@pytest.mark.parametrize(
    ("keyword", "names"),
    [
        ("茶", ["红茶", "龙井茶"]),
        ("龙井", ["龙井茶"]),
        ("井茶", ["龙井茶"]),
        ("t恤", ["纯棉T恤"]),
        ("%", ["100%棉"]),
        ("_", ["a_b"]),
        ("\\", ["c\\d"]),
        ("STRASSE", ["Große Straße"]),
        ("ÉCLAIR", ["éclair"]),
        ("москва", ["МОСКВА"]),
        (" 红茶 ", ["红茶"]),
        ("茶红", []),
    ],
)
def test_examples(
    api: APIClient, product_make: Make, keyword: str, names: list[str]
) -> None:
    for name in ("龙井茶", "红茶", "纯棉T恤", "100%棉", "a_b", "c\\d"):
        product_make(name)
    for name in ("Große Straße", "éclair", "МОСКВА"):
        product_make(name)
    assert listed(api, keyword=keyword) == names


def test_a_name_and_a_description_are_not_one_text(
    api: APIClient, product_make: Make
) -> None:
    product_make("龙井", description="茶叶")
    assert listed(api, keyword="井茶") == []
    assert listed(api, keyword="茶叶") == ["龙井"]


def test_markup_is_not_searched_and_entities_are_what_they_show(
    api: APIClient, product_make: Make
) -> None:
    product_make("龙井", description='<p class="x">A&amp;B 香<b>气</b> 1&lt;2</p>')
    for keyword in ("strong", "class", "<b>", "amp"):
        assert listed(api, keyword=keyword) == []
    for keyword in ("A&B", "香气", "1<2"):
        assert listed(api, keyword=keyword) == ["龙井"]


def test_quotes_and_brackets_in_attributes_are_not_searched(
    api: APIClient, product_make: Make
) -> None:
    product_make(
        "龙井", description='<a title="a>zz">看</a>&quot;好&quot;香&nbsp;x 茶\xa0y'
    )
    for keyword in ("zz", 'zz"', "quot", "nbsp"):
        assert listed(api, keyword=keyword) == []
    for keyword in ('看"好"', "香 x", "茶 y"):
        assert listed(api, keyword=keyword) == ["龙井"]


def test_a_long_description_is_found_at_its_end(
    api: APIClient, product_make: Make
) -> None:
    product_make("长", description="龙" * 19_997 + "井茶z")
    product_make("短", description="龙" * 10)
    assert listed(api, keyword="井茶Z") == ["长"]
    assert listed(api, keyword="龙" * 11) == ["长"]


def test_the_limit_is_50_characters(api: APIClient, product_make: Make) -> None:
    product_make("茶" * 50)
    assert listed(api, keyword="茶" * 50) == ["茶" * 50]
    refused(
        api.get("/api/products", {"keyword": "茶" * 51}),
        keyword="关键词长度不能超过50",
    )
    assert listed(api, keyword="%" * 50) == []


def test_nul_is_refused(api: APIClient) -> None:
    response = api.get("/api/products?keyword=%00")
    assert response.status_code == 400
    assert response.json()["data"]["fields"] == {"keyword": ["关键词格式不正确"]}


@pytest.mark.parametrize("keyword", ["' OR 1=1 --", "'; DROP TABLE x; --", '") OR ("'])
def test_sql_is_text(api: APIClient, product_make: Make, keyword: str) -> None:
    product_make("龙井")
    assert listed(api, keyword=keyword) == []


def test_any_way_of_writing_keeps_the_index(api: APIClient, product_make: Make) -> None:
    product = product_make("龙井")
    Product.objects.filter(pk=product.pk).update(name="毛峰")
    assert (listed(api, keyword="龙井"), listed(api, keyword="毛峰")) == ([], ["毛峰"])
    Product.objects.bulk_create([Product(name="碧螺春", price=1)])
    assert listed(api, keyword="螺") == ["碧螺春"]
    assert ProductSearch.objects.count() == Product.objects.count() == 2


def test_a_sale_does_not_rewrite_the_index(product_make: Make) -> None:
    product = product_make()

    def version() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin, ctid FROM catalog_productsearch")
            return cursor.fetchone()

    before = version()
    Product.objects.filter(pk=product.pk).update(sales=5)
    product.sales = 6
    product.save()
    assert version() == before
    product.name = "另一个"
    product.save()
    assert version() != before


def test_the_search_row_follows_the_status_and_the_day(product_make: Make) -> None:
    product = product_make("龙井", status="off_sale")
    row = ProductSearch.objects.get()
    assert (row.on_sale, row.created_at) == (False, product.created_at)
    day = product.created_at - timedelta(days=1)
    Product.objects.update(status="on_sale", created_at=day)
    row.refresh_from_db()
    assert (row.on_sale, row.created_at) == (True, day)


def test_the_newest_is_first_whatever_was_written_last(
    api: APIClient, product_make: Make
) -> None:
    made = [product_make(f"茶{number}") for number in range(12)]
    Product.objects.filter(pk=made[0].pk).update(
        created_at=made[-1].created_at + timedelta(days=1)
    )
    products_set_status(product_ids=[made[5].pk], status=ProductStatus.OFF_SALE)
    expected = ["茶0", *(f"茶{number}" for number in range(11, 0, -1) if number != 5)]
    assert listed(api, keyword="茶") == expected
    assert listed(api, keyword="茶", size=4, page=2) == expected[4:8]
    page = api.get("/api/products", {"keyword": "茶", "page": "9" * 30})
    assert page.json()["data"]["pagination"]["total"] == 11


def test_the_migration_fills_what_old_rows_lack(product_make: Make) -> None:
    old = [product_make("甲"), product_make("乙", status="off_sale")]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for column in ("on_sale", "created_at"):
            cursor.execute(
                f"ALTER TABLE catalog_productsearch ALTER {column} DROP NOT NULL"
            )
        cursor.execute(
            "UPDATE catalog_productsearch SET on_sale = NULL, created_at = NULL"
        )
    migration = import_module("catalog.migrations.0012_search_newest_fill")
    migration.fill(apps, SimpleNamespace(connection=connection))
    rows = ProductSearch.objects.order_by("pk")
    assert list(rows.values_list("on_sale", "created_at")) == [
        (True, old[0].created_at),
        (False, old[1].created_at),
    ]
