"""Many products for load tests, made by the database itself in committed batches.

Into tables whose indexes stay: to take the keyword index away and build it anew is
hardly faster (135 instead of 150 microseconds a product), and a process that died in
between would leave the shop without it.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from catalog.models import Category, Sku
from orders.demo.catalogue import catalogue_claim
from orders.demo.goods import CATEGORIES, GOODS
from orders.demo.pictures import picture_store
from shop.api.kept.store import answers_drop

BATCH = 2_000
PRODUCTS_MAX = 9_999_999
# The number stands in the SKU's code, whose order is that of the numbers.
_CODE = "LOAD-"
_DIGITS = 7
_PICTURES = 16

# Product n has one to three sizes, each 10.00 dearer than the one before.
_MAKE = """
WITH wanted AS MATERIALIZED (
    SELECT n, nextval(pg_get_serial_sequence('catalog_product', 'id')) AS product_id,
        (5 + n %% 500)::numeric(12, 2) AS price
    FROM generate_series(%(first)s::integer, %(last)s::integer) AS n
), product AS (
    INSERT INTO catalog_product (id, name, description, category_id, status, price,
        original_price, spec_names, sales, created_at, updated_at)
    SELECT product_id,
        (%(names)s::text[])[1 + n %% %(goods)s] || ' ' || n,
        (%(descriptions)s::text[])[1 + n %% %(goods)s] || '编号' || n,
        (%(categories)s::bigint[])[1 + n %% %(category_count)s], 'on_sale', price,
        NULL, CASE WHEN n %% 3 = 0 THEN '{}' ELSE '{尺码}' END::text[], 0,
        timestamptz '2026-01-01 00:00+08' + n * interval '1 second', now()
    FROM wanted
), sku AS (
    INSERT INTO catalog_sku
        (product_id, specs, price, stock, code, image, position, is_active)
    SELECT product_id,
        CASE WHEN n %% 3 = 0 THEN '{}'::jsonb
            ELSE jsonb_build_object('尺码', ('{S,M,L}'::text[])[size]) END,
        price + 10 * (size - 1), 100 + n %% 900,
        %(code)s || lpad(n::text, %(digits)s, '0') || '-' || size, '', size - 1, true
    FROM wanted, generate_series(1, 1 + n %% 3) AS size
    RETURNING id, stock
), movement AS (
    INSERT INTO catalog_stockmovement
        (sku_id, delta, balance, reason, reference, created_at)
    SELECT id, stock, stock, 'initial', '', now() FROM sku ORDER BY id
)
INSERT INTO catalog_productimage (product_id, file, position)
SELECT product_id, (%(pictures)s::text[])[1 + (n + place) %% %(picture_count)s], place
FROM wanted, generate_series(0, 1) AS place
"""


def products_make(*, total: int, on_progress: Callable[[int, int], None]) -> int:
    """Bring the number of these products up to a total; return how many were missing.

    Each batch is committed: whatever ends this, the next call goes on from there, and
    the books are right. `on_progress` is told how many of how many are there.

    Locks: other loads, for a batch.
    """
    facts = _facts()
    first = made = _made()
    while made < total:
        made = _batch_make(total, facts)
        on_progress(made, total)
    if made > first:
        _tables_tidy()
    return made - first


@transaction.atomic(durable=True)
def _batch_make(total: int, facts: dict[str, Any]) -> int:
    """Make the next batch; return how many there are now, by whomever made."""
    catalogue_claim()
    made = _made()
    last = min(made + BATCH, total)
    if made < last:
        with connection.cursor() as cursor:
            cursor.execute(_MAKE, {**facts, "first": made + 1, "last": last})
        answers_drop()
    return max(made, last)


def _made() -> int:
    """Return the highest number; there is no gap below it."""
    code = Sku.objects.filter(code__startswith=_CODE).aggregate(last=Max("code"))
    return int(code["last"][len(_CODE) :][:_DIGITS]) if code["last"] else 0


def _facts() -> dict[str, Any]:
    categories = list(Category.objects.order_by("pk").values_list("pk", flat=True))
    hues = [hue for _, _, hue in CATEGORIES]
    pictures = [
        picture_store(text=f"压测 {number}", hue=hues[number % len(hues)])
        for number in range(_PICTURES)
    ]
    return {
        "names": [goods.name for goods in GOODS],
        "descriptions": [goods.description for goods in GOODS],
        "goods": len(GOODS),
        "categories": categories,
        # Without a category the element that is not there is null.
        "category_count": max(1, len(categories)),
        "pictures": pictures,
        "picture_count": len(pictures),
        "code": _CODE,
        "digits": _DIGITS,
    }


def _tables_tidy() -> None:
    """Let the planner know the new sizes, and the indexes alone answer a page."""
    with connection.cursor() as cursor:
        for table in ("product", "productsearch", "sku", "productimage"):
            cursor.execute(f"VACUUM (ANALYZE) catalog_{table}")
