"""Fill what the triggers keep from now on; some minutes for a million products."""

from typing import Any

from django.db import migrations
from django.db.models import Max, Min

# Short, so that staff who write one of these products meanwhile hardly wait.
BATCH = 500

# In primary-key order, as the catalogue takes its locks. A row that a trigger has
# written since is right already.
_FILL = """
WITH part AS (
    SELECT product_id FROM catalog_productsearch
    WHERE product_id >= %s AND product_id < %s AND created_at IS NULL
    ORDER BY product_id FOR NO KEY UPDATE
)
UPDATE catalog_productsearch AS search
SET on_sale = product.status = 'on_sale', created_at = product.created_at
FROM part JOIN catalog_product AS product ON product.id = part.product_id
WHERE search.product_id = part.product_id
"""


def fill(apps: Any, schema_editor: Any) -> None:
    """Fill batch by batch, each committed: broken off, it goes on where it was."""
    search = apps.get_model("catalog", "ProductSearch")
    unfilled = search.objects.filter(created_at=None)
    ends = unfilled.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    with schema_editor.connection.cursor() as cursor:
        for first in range(ends["first"], ends["last"] + 1, BATCH):
            cursor.execute(_FILL, [first, first + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("catalog", "0011_search_newest")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
