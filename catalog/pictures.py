"""Which stored pictures the catalogue shows."""

from collections.abc import Collection

from catalog.models import Category, ProductImage, Sku


def pictures_in_use(names: Collection[str]) -> set[str]:
    """Return those of the storage names that a product, SKU or category shows."""
    shown = ProductImage.objects.filter(file__in=names).values_list("file")
    shown = shown.union(
        Sku.objects.filter(image__in=names).values_list("image"),
        Category.objects.filter(icon__in=names).values_list("icon"),
    )
    return {name for (name,) in shown}
