"""The services that keep the categories a tree."""

from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Category, Product
from catalog.services.categories import (
    category_create,
    category_delete,
    category_update,
)
from catalog.services.products import product_create
from catalog.services.skus import SkuChange
from catalog.tests.test_races import WRITERS, together
from catalog.tree import category_walk
from shop.errors import Invalid, NotFound


def chain(*names: str) -> list[Category]:
    found: list[Category] = []
    for name in names:
        parent = found[-1] if found else None
        found.append(category_create(name=name, parent=parent))
    return found


def rows() -> list[dict[str, Any]]:
    return list(Category.objects.order_by("pk").values())


def rename(category: Category, parent: Category | None) -> None:
    category_update(
        category_id=category.pk, name="新", parent=parent, icon="", position=0
    )


def test_changing_what_is_gone_is_refused(db: None) -> None:
    tea, green = chain("茶", "绿茶")
    green_id = green.pk
    green.delete()
    with pytest.raises(NotFound, match="分类不存在"):
        rename(Category(pk=green_id), None)
    with pytest.raises(Invalid, match="上级分类不存在"):
        rename(tea, Category(pk=green_id))
    with pytest.raises(NotFound, match="分类不存在"):
        category_delete(category_id=green_id)
    assert rows() == [
        {"id": tea.pk, "parent_id": None, "name": "茶", "icon": "", "position": 0}
    ]


@pytest.mark.django_db(transaction=True)
def test_moves_at_once_never_make_a_cycle() -> None:
    nodes = [category_create(name=str(number)) for number in range(WRITERS)]
    # Each under the next one: all of them together would be a ring.
    answers = together(lambda n: rename(nodes[n], nodes[(n + 1) % WRITERS]))
    assert set(answers) == {None, "invalid"}
    walk = category_walk()
    assert len(walk) == WRITERS
    assert max(level for _, level in walk) < 5


@pytest.mark.django_db(transaction=True)
def test_a_move_and_a_child_at_once_never_make_six_levels() -> None:
    *_, fourth = chain("一", "二", "三", "四")
    moved = category_create(name="甲")

    def act(number: int) -> None:
        if number % 2:
            rename(moved, fourth)
        else:
            category_create(name=f"乙{number}", parent=moved)

    answers = together(act)
    assert set(answers) == {None, "invalid"}
    assert max(level for _, level in category_walk()) < 5


@pytest.mark.django_db(transaction=True)
def test_products_that_come_to_a_category_keep_it_or_are_told() -> None:
    tea = category_create(name="茶")

    def act(number: int) -> Any:
        if not number:
            return category_delete(category_id=tea.pk)
        fields = {"name": "龙井", "category": tea}
        skus = [SkuChange(price=Decimal(1), stock=0)]
        product_create(fields=fields, skus=skus, operator_id=None)
        return None

    deleted, *created = together(act)
    # The first one there decides for all the others.
    is_kept = deleted == "category_in_use"
    assert deleted in (None, "category_in_use")
    assert set(created) == {None if is_kept else "invalid"}
    assert Category.objects.count() == is_kept
    assert Product.objects.count() == is_kept * (WRITERS - 1)
