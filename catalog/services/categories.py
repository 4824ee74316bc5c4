"""The writes of the category tree: one at a time, under the lock of the tree."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from catalog.errors import CategoriesChanged, CategoryInUse
from catalog.locks import categories_lock, products_lock
from catalog.models import Banner, Category, HomeSection, Product
from catalog.services.history import CATEGORIES, PRODUCTS
from catalog.tree import category_subtree, category_walk, tree_version
from shop.api.kept.store import answers_drop
from shop.errors import Invalid, NotFound
from shop.history import history_begin, history_kept

# A client shows two or three levels; readers of the tree go down level by level.
DEPTH_MAX = 5
ORDER_IS_ODD = "排序的内容不正确,请刷新后重试"
_NOT_FOUND = "分类不存在"


@transaction.atomic
def category_create(
    *,
    name: str,
    parent: Category | None = None,
    icon: str = "",
    position: int = 0,
    operator_id: int | None = None,
) -> Category:
    """Add a category; `icon` is a storage name.

    Locks: the tree.
    Raises: Invalid, when it would lie deeper than DEPTH_MAX.
    """
    answers_drop()
    categories_lock()
    _require_place(parent, levels=1)
    category = Category.objects.create(
        name=name, parent=parent, icon=icon, position=position
    )
    history_begin(CATEGORIES, keys=[category.pk], operator_id=operator_id)
    return category


@transaction.atomic
def category_update(
    *,
    category_id: int,
    name: str,
    parent: Category | None,
    icon: str,
    position: int,
    operator_id: int | None = None,
) -> None:
    """Change a category; it moves with all below it.

    Locks: the tree.
    Raises: NotFound, Invalid, when it would lie under itself or too deep.
    """
    answers_drop()
    categories_lock()
    below = category_subtree(category_id)
    if not below:
        raise NotFound(_NOT_FOUND)
    if parent is not None and parent.pk in below:
        raise Invalid.field("parent", "不能移到自己或自己的下级分类中")
    levels = [level for category, level in category_walk() if category.pk in below]
    _require_place(parent, levels=1 + max(levels) - min(levels))
    with history_kept(CATEGORIES, keys=[category_id], operator_id=operator_id):
        Category.objects.filter(pk=category_id).update(
            name=name, parent=parent, icon=icon, position=position
        )


@transaction.atomic
def categories_arrange(
    *,
    places: Sequence[tuple[int, int | None]],
    expected_version: str,
    operator_id: int | None,
) -> list[int]:
    """Hang and order the whole tree anew; return the ids of what moved.

    `places` are the id and the parent's id of each category, in the order of the tree;
    `expected_version` is the `tree_version` that the editor saw. Among siblings who
    stay as they are no position is written.
    Locks: the tree.
    Raises: CategoriesChanged, Invalid.
    """
    answers_drop()
    categories_lock()
    rows = [category for category, _ in category_walk()]
    if tree_version(rows) != expected_version:
        raise CategoriesChanged
    _require_tree(places, known={row.pk for row in rows})
    before = _siblings([(row.pk, row.parent_id) for row in rows])
    by_id = {row.pk: row for row in rows}
    moved = []
    for parent_id, ids in _siblings(places).items():
        if ids == before.get(parent_id):
            continue
        for position, pk in enumerate(ids, 1):
            row = by_id[pk]
            if (row.parent_id, row.position) != (parent_id, position):
                row.parent_id, row.position = parent_id, position
                moved.append(row)
    keys = [row.pk for row in moved]
    with history_kept(CATEGORIES, keys=keys, operator_id=operator_id):
        Category.objects.bulk_update(moved, ["parent", "position"])
    return keys


@transaction.atomic
def category_delete(*, category_id: int, operator_id: int | None = None) -> None:
    """Delete a category on which nothing hangs; deleted products let go of it.

    Locks: the tree, and the row, so that no product can come to it meanwhile; then
    the deleted products in primary-key order.
    Raises: NotFound, CategoryInUse.
    """
    answers_drop()
    categories_lock()
    category = Category.objects.select_for_update().filter(pk=category_id).first()
    if category is None:
        raise NotFound(_NOT_FOUND)
    if category.children.exists():
        raise CategoryInUse(f"“{category}”下还有子分类,不能删除")
    if (
        Banner.objects.filter(category=category).exists()
        or HomeSection.objects.filter(category=category).exists()
    ):
        raise CategoryInUse(f"“{category}”用在首页的轮播图或板块中,不能删除")
    products = Product.objects.filter(category=category)
    if present := products.present().count():
        raise CategoryInUse(f"“{category}”下还有{present}个商品,不能删除")
    ids = list(products_lock(products.values_list("pk", flat=True)))
    with (
        history_kept(PRODUCTS, keys=ids, operator_id=operator_id),
        history_kept(CATEGORIES, keys=[category_id], operator_id=operator_id),
    ):
        products.update(category=None)
        category.delete()


def _siblings(
    places: Sequence[tuple[int, int | None]],
) -> dict[int | None, list[int]]:
    found: dict[int | None, list[int]] = defaultdict(list)
    for pk, parent_id in places:
        found[parent_id].append(pk)
    return dict(found)


def _require_tree(places: Sequence[tuple[int, int | None]], *, known: set[int]) -> None:
    """Refuse what is no tree of the known ones: a parent comes before its children."""
    ids = [pk for pk, _ in places]
    if len(ids) != len(known) or set(ids) != known:
        raise Invalid.field("order", ORDER_IS_ODD)
    levels: dict[int | None, int] = {None: 0}
    for pk, parent_id in places:
        if parent_id not in levels:
            raise Invalid.field("order", "不能移到自己或自己的下级分类中")
        levels[pk] = levels[parent_id] + 1
    if max(levels.values()) > DEPTH_MAX:
        raise Invalid.field("order", f"分类最多{DEPTH_MAX}级")


def _require_place(parent: Category | None, *, levels: int) -> None:
    """Refuse a parent that is gone, or too deep for what shall hang on it."""
    if parent is None:
        return
    depths = {category.pk: level + 1 for category, level in category_walk()}
    if parent.pk not in depths:
        raise Invalid.field("parent", "上级分类不存在")
    if depths[parent.pk] + levels > DEPTH_MAX:
        raise Invalid.field("parent", f"分类最多{DEPTH_MAX}级")
