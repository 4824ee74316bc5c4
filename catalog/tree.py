"""The category tree: small enough to be read whole, in one query."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from catalog.models import Category


def category_tree() -> list[dict[str, Any]]:
    """Return the roots, each with its children, in the order that staff chose."""
    children: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
    for category in Category.objects.order_by("position", "pk"):
        node = {
            "id": category.pk,
            "name": category.name,
            "icon": category.icon,
            # Shared with the dictionary, and so filled whatever the order of rows.
            "children": children[category.pk],
        }
        children[category.parent_id].append(node)
    return children[None]


def category_walk() -> list[tuple[Category, int]]:
    """Return all categories in the order of the tree, each with its level from 0."""
    children: dict[int | None, list[Category]] = defaultdict(list)
    for category in Category.objects.order_by("position", "pk"):
        children[category.parent_id].append(category)
    found = []
    waiting = [(category, 0) for category in reversed(children[None])]
    while waiting:
        category, level = waiting.pop()
        found.append((category, level))
        below = reversed(children[category.pk])
        waiting += [(child, level + 1) for child in below]
    return found


def tree_version(categories: Iterable[Category]) -> str:
    """Tell apart how categories, in the order of the tree, hang and follow."""
    order = repr([(category.pk, category.parent_id) for category in categories])
    return hashlib.sha256(order.encode()).hexdigest()


def category_subtree(category_id: int) -> set[int]:
    """Return the ids of a category and of all below it; empty when it is unknown."""
    children: dict[int | None, list[int]] = defaultdict(list)
    found: set[int] = set()
    for pk, parent_id in Category.objects.order_by().values_list("pk", "parent_id"):
        children[parent_id].append(pk)
        if pk == category_id:
            found.add(pk)
    waiting = list(found)
    while waiting:
        below = set(children[waiting.pop()]) - found
        found |= below
        waiting += below
    return found
