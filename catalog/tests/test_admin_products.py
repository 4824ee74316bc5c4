"""The list of products, what is done from it, and who may."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from catalog.models import Product, ProductImage, Sku
from catalog.services.categories import category_create
from catalog.services.products import product_delete
from catalog.tests.admin_pages import (
    PRODUCT_ADD,
    PRODUCTS,
    facts,
    new_page,
    page_data,
    picture_file,
    product_page,
    sku_row,
    staff_client,
)
from catalog.tests.conftest import ledger

Make = Callable[..., Product]


def delete_page(product: Product) -> str:
    return f"{PRODUCTS}{product.pk}/delete/"


def stored_files() -> set[Path]:
    return set(Path(default_storage.path("")).rglob("*"))


def test_markup_in_a_name_is_inert(client: Client, product_make: Make) -> None:
    payload = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    product = product_make(payload)
    Product.objects.update(spec_names=[payload])
    product.skus.update(specs={payload: payload}, code=payload[:64])
    sku = product.skus.get()
    for url in (
        PRODUCTS,
        product_page(product),
        delete_page(product),
        "/admin/catalog/sku/",
        f"/admin/catalog/sku/{sku.pk}/change/",
        f"/admin/catalog/sku/{sku.pk}/adjust/",
        "/admin/catalog/stockmovement/",
    ):
        response = client.get(url)
        assert response.status_code == 200
        text = response.content.decode()
        assert "<script>alert" not in text, url
        assert "<img src=x" not in text, url
        assert "&lt;script&gt;" in text, url


def test_the_list_shows_what_staff_look_for(client: Client, product_make: Make) -> None:
    tea = category_create(name="茶")
    product_make("龙井", image="uploads/a.jpg", category=tea, sales=4)
    product_make("毛峰", status="off_sale", stock=0)
    product_make("旧款", status="deleted")
    text = client.get(PRODUCTS).content.decode()
    for shown in ("龙井", "¥99.00", "茶", "uploads/a.jpg", "在售", "毛峰", "下架"):
        assert shown in text
    assert "旧款" not in text
    assert "bg-green-100" in text


def listed(client: Client, **query: Any) -> list[str]:
    changelist = client.get(PRODUCTS, query).context["cl"]
    return sorted(product.name for product in changelist.result_list)


def test_the_list_is_searched_by_keyword_and_filtered(
    client: Client, product_make: Make
) -> None:
    tea = category_create(name="茶")
    green = category_create(name="绿茶", parent=tea)
    product_make("西湖龙井", category=green)
    product_make("龙井碎茶", category=tea, status="off_sale")
    product_make("龙井旧款", status="deleted")
    product_make("陶壶", description="泡龙井")
    assert listed(client, q="龙井") == ["西湖龙井", "陶壶", "龙井碎茶"]
    assert listed(client, q="没有") == []
    assert listed(client, q="长" * 300) == []
    assert listed(client, status="off_sale") == ["龙井碎茶"]
    assert listed(client, status="deleted") == ["龙井旧款"]
    assert listed(client, category=tea.pk) == ["西湖龙井", "龙井碎茶"]
    assert listed(client, category=green.pk, q="龙") == ["西湖龙井"]
    assert listed(client, category="x") == ["西湖龙井", "陶壶", "龙井碎茶"]


def test_deleted_products_are_seen_and_not_edited(
    client: Client, product_make: Make
) -> None:
    product = product_make()
    data = page_data(client, product_page(product))
    product_delete(product_id=product.pk)
    before = facts(product)
    shown = client.get(product_page(product))
    assert shown.status_code == 200
    assert "_save" not in shown.content.decode()
    assert client.post(product_page(product), data | {"name": "新"}).status_code == 403
    assert client.post(delete_page(product), {"post": 1}).status_code == 403
    assert facts(product) == before


def test_deleting_is_a_quiet_link(client: Client, shirt: Product) -> None:
    text = client.get(product_page(shirt)).content.decode()
    link = text.split(f'href="{delete_page(shirt)}"')
    assert len(link) == 2
    button = link[1].split("</a>")[0]
    assert button.split(">")[-1].strip() == "删除"
    assert "bg-red" not in button


def test_history_names_what_changed(client: Client, shirt: Product) -> None:
    data = page_data(client, product_page(shirt)) | {"name": "新", "skus-0-price": "1"}
    client.post(product_page(shirt), data)
    text = client.get(f"{product_page(shirt)[:-7]}history/").content.decode()
    assert "名称" in text
    assert "SKU" in text


def test_a_viewer_sees_the_page_and_writes_nothing(shirt: Product) -> None:
    viewer = staff_client("view_product")
    before = facts(shirt)
    ProductImage.objects.create(product=shirt, file="uploads/a.jpg")
    text = viewer.get(product_page(shirt)).content.decode()
    assert "uploads/a.jpg" in text
    assert "红 M" in text
    assert "¥59.00" in text
    for absent in ("_save", "调整库存", 'type="file"', "删除"):
        assert absent not in text, absent
    post = {"name": "新", "pictures-upload": picture_file()}
    stored = stored_files()
    assert viewer.post(product_page(shirt), post).status_code == 403
    assert viewer.post(PRODUCT_ADD, post).status_code == 403
    assert viewer.get(PRODUCT_ADD).status_code == 403
    assert stored_files() == stored
    # The actions of the list are not his, and so do nothing.
    act = {"action": "take_off_sale", "_selected_action": [shirt.pk]}
    viewer.post(PRODUCTS, act)
    viewer.post(PRODUCTS, {**act, "action": "delete_selected", "post": "yes"})
    assert facts(shirt) == before


@pytest.mark.parametrize("permission", ["view", "add", "change", "delete"])
def test_each_permission_opens_its_own_door(shirt: Product, permission: str) -> None:
    clerk = staff_client(f"{permission}_product")
    allowed = {
        "view": (200, 403, 200, 403, 403),
        "add": (403, 200, 403, 403, 403),
        "change": (200, 403, 200, 302, 403),
        "delete": (403, 403, 403, 403, 302),
    }
    own = staff_client("change_product", "view_product", name="own")
    data = page_data(own, product_page(shirt))
    assert (
        clerk.get(PRODUCTS).status_code,
        clerk.get(PRODUCT_ADD).status_code,
        clerk.get(product_page(shirt)).status_code,
        clerk.post(product_page(shirt), data).status_code,
        clerk.post(delete_page(shirt), {"post": "yes"}).status_code,
    ) == allowed[permission]


def test_an_adder_may_give_initial_stock(db: None) -> None:
    clerk = staff_client("add_product")
    data = new_page(clerk, sku_row(0, "", "1", "3"))
    assert clerk.post(PRODUCT_ADD, data).status_code == 302
    assert ledger(Product.objects.get().pk) == [("initial", 3, 3)]


def test_strangers_and_shoppers_are_asked_to_log_in(
    shirt: Product, shopper: Any
) -> None:
    client = Client()
    assert client.get(product_page(shirt)).status_code == 302
    client.force_login(shopper)
    assert client.get(product_page(shirt)).status_code == 302


def queries(client: Client, url: str, counter: Any) -> int:
    # The first request of a test fills caches of permissions and content types.
    client.get(url)
    with counter(20) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_queries_do_not_grow_with_rows(
    client: Client,
    shirt: Product,
    product_make: Make,
    django_assert_max_num_queries: Any,
) -> None:
    urls = (PRODUCTS, product_page(shirt), f"{PRODUCTS}?q=商品")
    few = [queries(client, url, django_assert_max_num_queries) for url in urls]
    for number in range(12):
        category = category_create(name=f"分类{number}")
        product_make(f"商品{number}", category=category, image="uploads/a.jpg")
        ProductImage.objects.create(product=shirt, file=f"uploads/{number}.jpg")
        Sku.objects.create(
            product=shirt, specs={"颜色": "绿", "尺码": str(number)}, price=1
        )
    many = [queries(client, url, django_assert_max_num_queries) for url in urls]
    assert few == many
