"""GET /api/categories."""

from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from catalog.models import Category
from catalog.services.categories import category_create
from shop.errors import Invalid


def test_the_tree_is_read_in_one_statement_in_staffs_order(
    api: APIClient, django_assert_num_queries: Any
) -> None:
    last = category_create(name="家居", position=9)
    tea = category_create(name="茶", position=1, icon="uploads/a.jpg")
    # The child comes before its parent in the order of rows.
    green = category_create(name="绿茶", parent=tea, position=0)
    black = category_create(name="红茶", parent=tea, position=-1)
    spring = category_create(name="明前", parent=green)
    with django_assert_num_queries(1):
        data = api.get("/api/categories").json()["data"]

    def node(category: Category, *children: Any, icon: str = "") -> dict[str, Any]:
        return {
            "id": category.pk,
            "name": category.name,
            "icon": icon,
            "children": list(children),
        }

    icon = f"{settings.PUBLIC_URL}/media/uploads/a.jpg"
    assert data == [
        node(tea, node(black), node(green, node(spring)), icon=icon),
        node(last),
    ]


def test_no_categories_is_an_empty_list(api: APIClient) -> None:
    assert api.get("/api/categories").json() == {
        "code": 0,
        "message": "成功",
        "data": [],
    }


def test_a_circle_made_by_hand_hangs_nothing(api: APIClient) -> None:
    first = category_create(name="甲")
    second = category_create(name="乙", parent=first)
    Category.objects.filter(pk=first.pk).update(parent=second)
    assert api.get("/api/categories").json()["data"] == []
    assert api.get("/api/products", {"category": first.pk}).status_code == 200


def test_tree_has_a_greatest_depth(db: None) -> None:
    node = None
    for level in range(5):
        node = category_create(name=f"第{level + 1}级", parent=node)
    with pytest.raises(Invalid, match="分类最多5级"):
        category_create(name="第6级", parent=node)
