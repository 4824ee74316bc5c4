"""The kept numbers of products on sale: their changes added up."""

from collections.abc import Iterable

from django.db import connection

# Every reader sees either the changes or their sum. What a twin deletes first is not
# found here any more, and what is appended meanwhile stays.
_ADD_UP = """
WITH several AS (
    SELECT category_id FROM catalog_productcount
    GROUP BY category_id HAVING count(*) > 1
), gone AS (
    DELETE FROM catalog_productcount AS change USING several
    WHERE change.category_id IS NOT DISTINCT FROM several.category_id
    RETURNING change.category_id, change.delta
)
INSERT INTO catalog_productcount (category_id, delta)
SELECT category_id, sum(delta) FROM gone GROUP BY category_id
"""

# To the lists a change of nothing, which gives them another version.
_TOUCH = """
INSERT INTO catalog_productcount (category_id, delta)
SELECT DISTINCT category_id, 0 FROM catalog_product
WHERE id = ANY (SELECT product_id FROM catalog_sku WHERE id = ANY (%s))
"""


def stock_edited(*, sku_ids: Iterable[int]) -> None:
    """Let what is kept of the lists of these SKUs go: staff edited what is in stock."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, [list(sku_ids)])


def counts_add_up() -> int:
    """Leave one row for each category that has several; return how many those were.

    Locks: the changes that it adds up, which nobody else writes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP)
        return int(cursor.rowcount)
