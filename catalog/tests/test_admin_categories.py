"""The category tree in the admin, and the services that keep it a tree."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.models import Category, Product
from catalog.services.categories import category_create, category_update
from catalog.tests.admin_pages import (
    errors,
    page_data,
    picture_file,
    staff_client,
    told,
)
from catalog.tree import category_walk

Make = Callable[..., Product]
LIST = "/admin/catalog/category/"
ADD = f"{LIST}add/"


def page(category: Category) -> str:
    return f"{LIST}{category.pk}/change/"


def rows() -> list[dict[str, Any]]:
    return list(Category.objects.order_by("pk").values())


def test_a_category_is_added_with_its_icon(client: Client) -> None:
    tea = category_create(name="茶")
    data = page_data(client, ADD) | {
        "name": "绿<b>茶</b>",
        "parent": tea.pk,
        "position": "3",
        "icon-upload": picture_file(),
    }
    response = client.post(ADD, data)
    assert (response.status_code, response.url) == (302, LIST)
    green = Category.objects.get(parent=tea)
    assert (green.name, green.position) == ("绿茶", 3)
    assert green.icon.startswith("uploads/")
    assert default_storage.exists(green.icon)


def test_a_category_is_changed_and_keeps_its_icon(client: Client) -> None:
    tea, home = category_create(name="茶"), category_create(name="家居")
    green = category_create(name="绿茶", parent=tea, icon="uploads/a.jpg")
    data = page_data(client, page(green))
    assert data["parent"] == str(tea.pk)
    data |= {"name": "绿植", "parent": home.pk, "position": "-1"}
    assert client.post(page(green), data).status_code == 302
    assert rows()[2] == {
        "id": green.pk,
        "parent_id": home.pk,
        "name": "绿植",
        "icon": "uploads/a.jpg",
        "position": -1,
    }
    data |= {"parent": "", "icon-removed": data["icon"]}
    assert client.post(page(green), data).status_code == 302
    assert (rows()[2]["parent_id"], rows()[2]["icon"]) == (None, "")


def test_the_list_is_the_tree_with_products_counted(
    client: Client, product_make: Make
) -> None:
    home = category_create(name="家居", position=9)
    tea = category_create(name="茶", position=1)
    black = category_create(name="红茶", parent=tea, position=2)
    category_create(name="绿茶", parent=tea, position=1)
    category_create(name="正山", parent=black)
    for status in ("on_sale", "off_sale", "deleted"):
        product_make(status=status, category=black)
    changelist = client.get(LIST).context["cl"]
    assert [(c.name, c.level, c.products) for c in changelist.result_list] == [
        ("茶", 0, 0),
        ("绿茶", 1, 0),
        ("红茶", 1, 2),
        ("正山", 2, 0),
        ("家居", 0, 0),
    ]
    assert [category.name for category, _ in category_walk()][-1] == home.name
    found = client.get(LIST, {"q": "正山"}).content.decode()
    assert f"{'　' * 4}正山" in found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "名称不能为空"),
        ({"name": "<i></i>"}, "名称不能为空"),
        ({"parent": "999"}, "分类不存在"),
        ({"icon": "uploads/202601/other.jpg"}, "图片已失效,请重新上传"),
        (
            {"icon-upload": SimpleUploadedFile("a.gif", b"GIF89a")},
            "a.gif:图片格式不正确",
        ),
    ],
)
def test_bad_input_is_refused_and_writes_nothing(
    client: Client, change: dict[str, Any], message: str
) -> None:
    data = page_data(client, ADD) | {"name": "茶"} | change
    assert errors(client.post(ADD, data)) == [message]
    assert rows() == []


def test_a_move_under_itself_is_refused_on_the_form(client: Client) -> None:
    tea = category_create(name="茶")
    green = category_create(name="绿茶", parent=tea)
    before = rows()
    for parent in (tea, green):
        data = page_data(client, page(tea)) | {"name": "新", "parent": parent.pk}
        response = client.post(page(tea), data)
        assert errors(response) == ["不能移到自己或自己的下级分类中"]
        assert 'value="新"' in response.content.decode()
    assert rows() == before


def chain(*names: str) -> list[Category]:
    found: list[Category] = []
    for name in names:
        parent = found[-1] if found else None
        found.append(category_create(name=name, parent=parent))
    return found


def test_no_move_makes_more_than_five_levels(client: Client) -> None:
    first, *_, third = chain("一", "二", "三")
    upper, lower = chain("甲", "乙")
    before = rows()
    data = page_data(client, page(upper)) | {"parent": third.pk, "name": "丙"}
    assert client.post(page(upper), data).status_code == 302
    category_update(category_id=upper.pk, name="甲", parent=None, icon="", position=0)
    assert rows() == before
    category_create(name="丁", parent=lower)
    before = rows()
    assert errors(client.post(page(upper), data)) == ["分类最多5级"]
    assert rows() == before
    # The same levels fit under the second.
    data |= {"parent": Category.objects.get(parent=first).pk}
    assert client.post(page(upper), data).status_code == 302


def test_deleting_is_refused_while_something_hangs_on_it(
    client: Client, product_make: Make
) -> None:
    tea, green = chain("茶", "绿茶")
    product = product_make(category=green)
    before = rows()
    for category, message in (
        (tea, "“茶”下还有子分类,不能删除"),
        (green, "“绿茶”下还有1个商品,不能删除"),
    ):
        url = f"{LIST}{category.pk}/delete/"
        assert client.get(url).status_code == 200
        response = client.post(url, {"post": "yes"})
        assert (response.status_code, told(response)) == (302, [message])
        assert message in client.get(response.url).content.decode()
    assert rows() == before
    # A deleted product lets go of it.
    Product.objects.filter(pk=product.pk).update(status="deleted")
    for category in (green, tea):
        url = f"{LIST}{category.pk}/delete/"
        response = client.post(url, {"post": "yes"})
        assert (response.status_code, response.url) == (302, LIST)
    assert rows() == []
    assert Product.objects.get().category is None


def test_there_is_no_bulk_delete(client: Client) -> None:
    tea = category_create(name="茶")
    client.post(
        LIST, {"action": "delete_selected", "_selected_action": [tea.pk], "post": 1}
    )
    assert Category.objects.count() == 1


@pytest.mark.parametrize("permission", ["view", "add", "change", "delete"])
def test_each_permission_opens_its_own_door(db: None, permission: str) -> None:
    tea = category_create(name="茶")
    clerk = staff_client(f"{permission}_category")
    data = {"name": "新", "position": "0"}
    assert (
        clerk.get(LIST).status_code,
        clerk.post(ADD, data | {"icon-upload": picture_file()}).status_code,
        clerk.post(page(tea), data).status_code,
        clerk.post(f"{LIST}{tea.pk}/delete/", {"post": "yes"}).status_code,
    ) == {
        "view": (200, 403, 403, 403),
        "add": (403, 302, 403, 403),
        "change": (200, 403, 302, 403),
        "delete": (403, 403, 403, 302),
    }[permission]


def test_queries_do_not_grow_with_rows(
    client: Client, product_make: Make, django_assert_max_num_queries: Any
) -> None:
    tea = category_create(name="茶")

    def counts() -> list[int]:
        found = []
        for url in (LIST, page(tea)):
            client.get(url)
            with django_assert_max_num_queries(15) as captured:
                client.get(url)
            found.append(len(captured))
        return found

    few = counts()
    for number in range(12):
        below = category_create(name=f"茶{number}", parent=tea, icon="uploads/a.jpg")
        product_make(category=below)
    assert counts() == few
