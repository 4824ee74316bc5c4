"""Who changed what in the catalogue: a snapshot for each write path."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Category, Product, Sku
from catalog.services.categories import category_create, category_delete
from catalog.services.products import product_delete, product_update
from catalog.tests.admin_pages import (
    PRODUCTS,
    new_page,
    page_data,
    product_page,
    sku_row,
)
from conftest import client_of

Make = Callable[..., Product]
Told = list[tuple[str, str | None, dict[str, tuple[Any, Any]]]]
CATEGORIES = "/admin/catalog/category/"


def told(model: Any, **key: Any) -> Told:
    """Return (kind, who, column to old and new) of each snapshot, the first first."""
    rows = model.history.filter(**key).order_by("history_id").values()
    last: dict[int, Any] = {}
    found = []
    for row in rows:
        old = last.get(row["id"], row)
        changed = {
            name: (old[name], row[name])
            for name in row
            if not name.startswith("history_") and old[name] != row[name]
        }
        user = get_user_model().objects.filter(pk=row["history_user_id"]).first()
        found.append((row["history_type"], user and user.username, changed))
        last[row["id"]] = row
    return found


def history_of(url: str) -> str:
    return url.replace("/change/", "/history/")


def test_a_new_product_of_the_admin_begins_its_history(client: Client) -> None:
    data = new_page(client, sku_row(0, "颜色:红", "59", "3"))
    assert client.post(f"{PRODUCTS}add/", data).status_code == 302
    product = Product.objects.get()
    assert told(Product, id=product.pk) == [("+", "boss", {})]
    assert told(Sku, product=product.pk) == [("+", "boss", {})]
    row = Product.history.values("name", "status", "pictures", "spec_names").get()
    assert row == {
        "name": "T恤",
        "status": "on_sale",
        "pictures": [],
        "spec_names": ["颜色"],
    }
    assert Sku.history.get().price == Decimal("59.00")


def test_a_page_saved_tells_each_field_of_product_skus_and_pictures(
    client: Client, shirt: Product
) -> None:
    product_update(
        product_id=shirt.pk, fields={}, images=["uploads/a.jpg"], operator_id=None
    )
    red, blue = shirt.skus.order_by("pk")
    page = product_page(shirt)
    data = page_data(client, page) | {"name": "衬衫", "original_price": "99"}
    data |= {"skus-0-price": "61", "skus-1-DELETE": "on"}
    data |= {"pictures-removed": data["pictures"]}
    assert client.post(page, data).status_code == 302
    assert told(Product, id=shirt.pk)[-1] == (
        "~",
        "boss",
        {
            "name": ("T恤", "衬衫"),
            "original_price": (None, Decimal("99.00")),
            "pictures": (["uploads/a.jpg"], []),
        },
    )
    assert told(Sku, id=red.pk)[-1][1:] == (
        "boss",
        {"price": (Decimal("59.00"), Decimal("61.00"))},
    )
    assert told(Sku, id=blue.pk)[-1][1:] == ("boss", {"is_active": (True, False)})
    text = client.get(history_of(page)).content.decode()
    for shown in ("衬衫", "¥99.00", "SKU 红 M", "¥59.00", "¥61.00", "有效"):
        assert shown in text
    assert LogEntry.objects.get().get_change_message() not in text


def test_saving_what_is_there_already_leaves_no_snapshot(
    client: Client, shirt: Product
) -> None:
    page = product_page(shirt)
    assert client.post(page, page_data(client, page)).status_code == 302
    assert len(told(Product)) == 1
    assert len(told(Sku)) == 2


def test_the_api_writes_as_the_bearer_of_the_token(
    api: APIClient, product_make: Make
) -> None:
    clerk = get_user_model().objects.create_superuser("接口", "a-long-password-9")
    tokens = client_of(clerk)
    body = {"name": "茶", "price": "10.00", "stock": 1}
    made = tokens.post("/api/products", body, format="json").json()["data"]
    url = f"/api/products/{made['id']}"
    tokens.patch(url, {"price": "12.00", "status": "off_sale"}, format="json")
    tokens.delete(url)
    assert told(Product) == [
        ("+", "接口", {}),
        ("~", "接口", {"status": ("on_sale", "off_sale")}),
        ("~", "接口", {"status": ("off_sale", "deleted")}),
    ]
    assert told(Sku) == [
        ("+", "接口", {}),
        ("~", "接口", {"price": (Decimal("10.00"), Decimal("12.00"))}),
    ]


@pytest.mark.parametrize(
    ("action", "status", "word"),
    [
        ("take_off_sale", "off_sale", "下架"),
        ("delete_selected", "deleted", None),
    ],
)
def test_a_bulk_action_is_kept_as_the_log_has_it(
    client: Client, product_make: Make, action: str, status: str, word: str | None
) -> None:
    chosen = [product_make(f"甲{number}") for number in range(3)]
    data = {"action": action, "_selected_action": [one.pk for one in chosen]}
    client.post(PRODUCTS, data | {"post": "yes"})
    for product in chosen:
        changed = {"status": ("on_sale", status)}
        # What is older than its history comes first, as nobody's.
        assert told(Product, id=product.pk) == [
            ("~", None, {}),
            ("~", "boss", changed),
        ]
    logged = LogEntry.objects.values_list("object_id", flat=True)
    assert {*logged} == {str(product.pk) for product in chosen}
    (deed,) = client.get(history_of(product_page(chosen[0]))).context["deeds"]
    assert deed.who == "boss"
    if word:
        assert deed.texts == [word]
    (change,) = deed.parts[0].changes
    assert (change.field, change.old) == ("状态", "在售")


def test_deleting_by_the_page_is_kept(client: Client, product_make: Make) -> None:
    product = product_make()
    client.post(f"{PRODUCTS}{product.pk}/delete/", {"post": "yes"})
    expected = ("~", "boss", {"status": ("on_sale", "deleted")})
    assert told(Product)[-1] == expected


def test_what_bypassed_the_services_is_nobodys(
    client: Client, staff: Any, shirt: Product
) -> None:
    Product.objects.update(name="悄悄")
    product_update(product_id=shirt.pk, fields={"name": "衬衫"}, operator_id=staff.pk)
    assert told(Product)[1:] == [
        ("~", None, {"name": ("T恤", "悄悄")}),
        ("~", "boss", {"name": ("悄悄", "衬衫")}),
    ]
    page = client.get(history_of(product_page(shirt)))
    assert [deed.who for deed in page.context["deeds"]] == ["boss", "系统", "boss"]


def test_a_refused_write_leaves_no_snapshot(client: Client, shirt: Product) -> None:
    page = product_page(shirt)
    same = {"skus-1-specs": "颜色:红 尺码:M"}
    data = page_data(client, page) | {"name": "衬衫"} | same
    assert client.post(page, data).status_code == 200
    assert len(told(Product)) == 1


def test_categories_tell_of_their_whole_life(client: Client) -> None:
    home = category_create(name="家居")
    add = f"{CATEGORIES}add/"
    client.post(add, page_data(client, add) | {"name": "茶"})
    tea = Category.objects.get(name="茶")
    page = f"{CATEGORIES}{tea.pk}/change/"
    data = page_data(client, page) | {"name": "茗", "parent": home.pk}
    client.post(page, data)
    text = client.get(history_of(page)).content.decode()
    for shown in ("名称", "茶", "茗", "上级分类", "家居"):
        assert shown in text
    client.post(f"{CATEGORIES}{tea.pk}/delete/", {"post": "yes"})
    assert told(Category, id=tea.pk) == [
        ("+", "boss", {}),
        ("~", "boss", {"name": ("茶", "茗"), "parent_id": (None, home.pk)}),
        ("-", "boss", {}),
    ]


def test_a_deleted_category_lets_go_of_products_in_their_history(
    staff: Any, product_make: Make
) -> None:
    tea = category_create(name="茶")
    gone = product_make("龙井", category=tea)
    product_delete(product_id=gone.pk)
    category_delete(category_id=tea.pk, operator_id=staff.pk)
    last = Product.history.model.objects.filter(id=gone.pk).latest("history_id")
    assert (last.category_id, last.history_user_id) == (None, staff.pk)
    assert Product.objects.get(pk=gone.pk).category_id is None
