"""The writes of the category tree."""

from catalog.models import Category


def category_create(
    *, name: str, parent: Category | None = None, icon: str = "", position: int = 0
) -> Category:
    """Add a category; `icon` is a storage name."""
    return Category.objects.create(
        name=name, parent=parent, icon=icon, position=position
    )
