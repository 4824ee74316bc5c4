"""The kept numbers of products on sale: their changes added up."""

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


def counts_add_up() -> int:
    """Leave one row for each category that has several; return how many those were.

    Locks: the changes that it adds up, which nobody else writes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP)
        return int(cursor.rowcount)
