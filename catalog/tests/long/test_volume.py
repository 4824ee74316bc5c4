"""Lists of many products: their pages are exact, however they are found."""

import re
import socket
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.listing import ProductListing
from catalog.listing_sql import ORDERINGS
from catalog.models import Category, Product
from catalog.services.categories import category_create
from catalog.tree import category_subtree

PRODUCTS = 20_000
RARE = 10_000

_FILL = """
INSERT INTO catalog_product (category_id, name, description, status, price, sales,
    spec_names, created_at, updated_at)
SELECT (%s)[1 + n %% 4], '商品' || n || CASE WHEN n = %s THEN '稀有xyzzy' ELSE '' END,
    '第' || n || '号', 'on_sale', 1 + n %% 500, n %% 1000, '{}',
    now() - n * interval '1 second', now()
FROM generate_series(1, %s) AS n
"""
# More in stock than are collected.
_STOCK = """
INSERT INTO catalog_sku (product_id, specs, price, stock, alarm_stock, code, image,
    position, is_active)
SELECT id, '{}', price, 1, 0, '', '', 0, true FROM catalog_product LIMIT 2000
"""

pytestmark = [pytest.mark.usefixtures("shelves"), pytest.mark.xdist_group("volume")]


@pytest.fixture(scope="module")
def shelves(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Category]]:
    """Fill the tables once for all tests here, in a transaction that is undone.

    Return a category and two below it, each with a quarter of the products.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        tea = category_create(name="茶")
        below = [category_create(name=name, parent=tea) for name in ("绿茶", "红茶")]
        ids = [category.pk for category in (tea, *below)]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '60s'")
            cursor.execute(_FILL, [ids, RARE, PRODUCTS])
            for table in ("product", "productsearch"):
                cursor.execute(f"ANALYZE catalog_{table}")
        yield [tea, *below]
        transaction.set_rollback(True)


_FIELDS = {"-createdAt": "created_at", "price": "price", "-price": "price"}


def in_order(ordering: str, category: Category | None) -> list[int]:
    """Return the ids of the whole list, as the database sorts them."""
    field = _FIELDS.get(ordering, "sales")
    sign = "" if ordering == "price" else "-"
    products = Product.objects.on_sale()
    if category is not None:
        products = products.filter(category__in=category_subtree(category.pk))
    found = products.order_by(f"{sign}{field}", f"{sign}pk")
    return list(found.values_list("pk", flat=True))


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("number", [None, 0, 1])
def test_pages_from_marks_neither_repeat_nor_skip(
    shelves: list[Category], ordering: str, number: int | None
) -> None:
    """Deep pages in any sequence: each leaves a mark, from which others begin."""
    category = None if number is None else shelves[number]
    listing = partial(
        ProductListing, ordering=ordering, category=category and category.pk
    )
    expected = in_order(ordering, category)
    total = len(expected)
    starts = [4990, 300, 4990, 5000, 4980, 5070, 1000, 1100, 1160, total - 7, total]
    # About as far as a walk is near, whatever the size.
    for start in [*starts, 99, 100, 101, 150, 199, 201]:
        for size in (10, 100):
            found = listing().page(start, size)
            assert found == (total, expected[start : start + size])


def walked(start: int) -> int:
    """Return how many products the statement of a page passes before it."""
    with CaptureQueriesContext(connection) as captured:
        ProductListing().page(start, 10)
    found = re.search(r"OFFSET (\d+)", captured.captured_queries[-1]["sql"])
    assert found
    return int(found[1])


def test_a_deep_page_begins_at_a_mark(product_make: Any) -> None:
    assert walked(5000) == 5000
    assert walked(5000) == 0
    assert walked(5090) == 90
    assert walked(4950) == 4950
    # Two are near enough: the nearer one.
    assert walked(5040) == 40
    # Too far behind it.
    assert walked(5101) == 5101
    # What staff write moves the lists: the mark is none any more.
    product_make("新")
    assert walked(5000) == 5000
    assert walked(5000) == 0
    Product.objects.filter(name="商品7").update(price=3)
    assert walked(5000) == 5000
    assert walked(90) == 90


def kept_for(kind: str) -> int:
    """Return for how many seconds the only one of its kind is kept."""
    keys = cache.keys(f"products:{kind}*")  # type: ignore[attr-defined]
    [seconds] = [cache.ttl(key) for key in keys]  # type: ignore[attr-defined]
    return int(seconds)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ({}, range(11, 601)),
        ({"min_price": Decimal(2)}, range(11, 601)),
        ({"ordering": "-sales"}, range(1, 11)),
        ({"in_stock": True}, range(1, 11)),
    ],
)
def test_a_mark_lives_as_long_as_its_list_stands_still(
    asked: dict[str, Any], seconds: range
) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STOCK)
        ProductListing(**asked).page(1500, 10)
        transaction.set_rollback(True)
    assert kept_for("mark") in seconds


def test_without_valkey_pages_are_as_exact(settings: Any) -> None:
    expected = in_order("-sales", None)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": url}}
        for start in (5000, 5000, 5020):
            page = ProductListing(ordering="-sales").page(start, 10)
            assert page == (PRODUCTS, expected[start : start + 10])
        page = ProductListing(min_price=Decimal(100)).page(0, 1)
        assert page[0] == Product.objects.filter(price__gte=100).count()


def test_few_that_a_filter_finds_are_sorted_and_many_walked_to() -> None:
    for highest in (20, 21, 400):
        for ordering in ORDERINGS:
            listing = ProductListing(max_price=Decimal(highest), ordering=ordering)
            products = Product.objects.filter(price__lte=highest)
            ids = set(products.values_list("pk", flat=True))
            expected = [pk for pk in in_order(ordering, None) if pk in ids]
            for start in (0, 370, 790):
                page = listing.page(start, 30)
                assert page == (len(expected), expected[start : start + 30])


def test_the_total_of_many_is_counted_once_for_a_while() -> None:
    def totals() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            total, _ = ProductListing(min_price=Decimal(100)).page(0, 10)
        counts = [
            query
            for query in captured.captured_queries
            if query["sql"].strip().startswith("SELECT count(*)")
        ]
        return total, len(counts)

    total, counts = totals()
    assert counts == 1
    assert 0 < kept_for("total") <= 60
    assert totals() == (total, 0)
    Product.objects.filter(price=1).delete()
    assert totals() == (total, 1)


def test_the_index_can_be_rebuilt_without_our_schema_in_the_path(db: None) -> None:
    """As a restore and REINDEX do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '60s'")
        cursor.execute("SET LOCAL search_path = ''")
        cursor.execute("REINDEX INDEX public.productsearch_terms")
