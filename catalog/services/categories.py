"""The writes of the category tree."""

from catalog.models import Category
from shop.errors import Invalid

# A client shows two or three levels; readers of the tree go down level by level.
DEPTH_MAX = 5


def category_create(
    *, name: str, parent: Category | None = None, icon: str = "", position: int = 0
) -> Category:
    """Add a category; `icon` is a storage name.

    Raises: Invalid, when it would lie deeper than DEPTH_MAX.
    """
    if _depth(parent) >= DEPTH_MAX:
        raise Invalid.field("parent", f"分类最多{DEPTH_MAX}级")
    return Category.objects.create(
        name=name, parent=parent, icon=icon, position=position
    )


def _depth(category: Category | None) -> int:
    """Return how many levels end in a category; more than enough stops counting."""
    depth = 0
    while category is not None and depth < DEPTH_MAX:
        depth, category = depth + 1, category.parent
    return depth
