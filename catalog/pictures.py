"""Which stored pictures the catalogue shows."""

from collections.abc import Collection

from django.db import connection

from catalog.models import Banner, Category, ProductImage, Sku

# Each description is cut once, whatever the number of names: to look for every name in
# every description took seconds. What is stored is clean, so a URL ends at a quote.
_DESCRIBED = """
SELECT DISTINCT name FROM (
    SELECT 'uploads/' || split_part(part, '"', 1) AS name
    FROM catalog_product, unnest(string_to_array(description, 'uploads/')) AS part
    WHERE description LIKE '%%uploads/%%'
) AS found WHERE name = ANY(%s)
"""


def pictures_in_use(names: Collection[str]) -> set[str]:
    """Return those of the storage names that the catalogue shows."""
    shown = ProductImage.objects.filter(file__in=names).values_list("file")
    shown = shown.union(
        Sku.objects.filter(image__in=names).values_list("image"),
        Category.objects.filter(icon__in=names).values_list("icon"),
        Banner.objects.filter(image__in=names).values_list("image"),
    )
    found = {name for (name,) in shown}
    return found | _described({*names} - found)


def _described(names: Collection[str]) -> set[str]:
    """Return those that a description holds: it names its pictures by their URL."""
    if not names:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_DESCRIBED, [list(names)])
        return {name for (name,) in cursor.fetchall()}
