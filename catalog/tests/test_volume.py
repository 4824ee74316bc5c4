"""Plans at volume: the index finds a keyword, and a deep page walks an index alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

PRODUCTS = 20_000
RARE = 10_000

_FILL = """
INSERT INTO catalog_product (name, description, status, price, sales, spec_names,
    created_at, updated_at)
SELECT '商品' || n || CASE WHEN n = %s THEN '稀有xyzzy' ELSE '' END,
    '第' || n || '号', 'on_sale', 1 + n %% 500, n %% 1000, '{}',
    now() - n * interval '1 second', now()
FROM generate_series(1, %s) AS n
"""


pytestmark = [pytest.mark.usefixtures("many"), pytest.mark.xdist_group("volume")]


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Fill the table once for all tests here, in a transaction that is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '60s'")
            cursor.execute(_FILL, [RARE, PRODUCTS])
            for table in ("product", "productsearch"):
                cursor.execute(f"ANALYZE catalog_{table}")
        yield
        transaction.set_rollback(True)


def plans(api: APIClient, **query: str) -> tuple[list[str], list[str]]:
    """Return the names on the page and the plan of each of its statements."""
    with CaptureQueriesContext(connection) as captured:
        page = api.get("/api/products", query).json()["data"]["list"]
    found = []
    with connection.cursor() as cursor:
        for statement in captured.captured_queries:
            cursor.execute("EXPLAIN " + statement["sql"])
            found.append("\n".join(line for (line,) in cursor.fetchall()))
    return [product["name"] for product in page], found


@pytest.mark.parametrize("keyword", ["稀有", "稀", "Xyzzy", "有xyz"])
def test_a_rare_keyword_is_found_by_the_index(api: APIClient, keyword: str) -> None:
    names, found = plans(api, keyword=keyword)
    assert names == [f"商品{RARE}稀有xyzzy"]
    assert len(found) == 2
    for plan in found:
        assert "Bitmap Index Scan on productsearch_terms" in plan
        assert "Seq Scan on catalog_product" not in plan


def test_a_keyword_that_all_have_goes_by_the_index_too(api: APIClient) -> None:
    names, found = plans(api, keyword="商品")
    assert len(names) == 10
    for plan in found:
        assert "Bitmap Index Scan on productsearch_terms" in plan


@pytest.mark.parametrize(
    ("ordering", "index"),
    [
        ("-createdAt", "product_newest"),
        ("price", "product_price"),
        ("-price", "product_price"),
        ("-sales", "product_sales"),
    ],
)
def test_deep_pages_walk_over_an_index_alone(
    api: APIClient, ordering: str, index: str
) -> None:
    with connection.cursor() as cursor:
        # Rows of an open transaction are on no page known to be all visible.
        cursor.execute("SET LOCAL random_page_cost = 1.1")
        cursor.execute("SET LOCAL enable_sort = off")
    names, (_, page) = plans(api, ordering=ordering, page="1500")
    assert len(names) == 10
    assert f"using {index} on catalog_product" in page
    assert "Seq Scan on catalog_product" not in page


def test_the_index_can_be_rebuilt_without_our_schema_in_the_path(db: None) -> None:
    """As a restore and REINDEX do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '60s'")
        cursor.execute("SET LOCAL search_path = ''")
        cursor.execute("REINDEX INDEX public.productsearch_terms")
