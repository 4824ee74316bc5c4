"""Which stored pictures the catalogue shows."""

from collections.abc import Collection

from django.db.models import Q

from catalog.models import Category, Product, ProductImage, Sku


def pictures_in_use(names: Collection[str]) -> set[str]:
    """Return those of the storage names that a product, SKU or category shows."""
    shown = ProductImage.objects.filter(file__in=names).values_list("file")
    shown = shown.union(
        Sku.objects.filter(image__in=names).values_list("image"),
        Category.objects.filter(icon__in=names).values_list("icon"),
    )
    found = {name for (name,) in shown}
    return found | _described({*names} - found)


def _described(names: Collection[str]) -> set[str]:
    """Return those that a description holds: it names its pictures by their URL."""
    if not names:
        return set()
    holds_one = Q()
    for name in names:
        holds_one |= Q(description__contains=name)
    rows = Product.objects.filter(holds_one).values_list("description", flat=True)
    texts = list(rows)
    return {name for name in names if any(name in text for text in texts)}
