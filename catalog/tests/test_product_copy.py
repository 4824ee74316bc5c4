"""A product made after another."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from catalog.models import Product, Sku, StockMovement
from catalog.pictures import pictures_in_use
from catalog.services.categories import category_create
from catalog.services.copying import product_copy
from catalog.services.products import product_delete, product_update
from catalog.services.skus import SkuChange
from catalog.tests.admin_pages import PRODUCTS, page_data, staff_client, told
from catalog.tests.conftest import images
from catalog.tests.test_races import together
from shop.errors import NotFound

Make = Callable[..., Product]


def copy_page(product: Product) -> str:
    return f"{PRODUCTS}{product.pk}/copy/"


@pytest.fixture
def whole(shirt: Product) -> Product:
    """A product of which everything is set."""
    red, blue = shirt.skus.order_by("pk")
    product_update(
        product_id=shirt.pk,
        fields={
            "category": category_create(name="上衣"),
            "original_price": Decimal(99),
        },
        skus=[
            SkuChange(id=blue.pk, code="B-1", image="uploads/c.jpg", alarm_stock=3),
            SkuChange(id=red.pk, code="R-1"),
        ],
        images=["uploads/b.jpg", "uploads/a.jpg"],
        operator_id=None,
    )
    Product.objects.update(sales=4)
    shirt.refresh_from_db()
    return shirt


def test_the_copy_is_like_it_off_sale_and_without_stock(
    client: Client, staff: Any, whole: Product
) -> None:
    movements = StockMovement.objects.count()
    page = copy_page(whole)
    response = client.post(page, page_data(client, page))
    copy = Product.objects.latest("pk")
    assert copy.pk != whole.pk
    assert response.url == f"{PRODUCTS}{copy.pk}/change/"
    assert told(response) == ["已复制为“T恤 副本”"]
    same = ("description", "category_id", "original_price", "price", "spec_names")
    assert [getattr(copy, name) for name in same] == [
        getattr(whole, name) for name in same
    ]
    assert (copy.name, copy.status, copy.sales) == ("T恤 副本", "off_sale", 0)
    assert images(copy.pk) == ["uploads/b.jpg", "uploads/a.jpg"]
    columns = ("specs", "price", "image", "alarm_stock", "stock", "code")
    assert list(copy.skus.order_by("position").values_list(*columns)) == [
        ({"颜色": "蓝", "尺码": "M"}, Decimal(69), "uploads/c.jpg", 3, 0, ""),
        ({"颜色": "红", "尺码": "M"}, Decimal(59), "", 0, 0, ""),
    ]
    assert StockMovement.objects.count() == movements
    kept = Product.history.get(id=copy.pk)
    assert kept.history_change_reason == "复制自“T恤”"
    assert (kept.history_type, kept.history_user_id) == ("+", staff.pk)
    assert LogEntry.objects.get().object_id == str(whole.pk)


def test_the_original_stays_as_it_was(client: Client, whole: Product) -> None:
    before = list(Sku.objects.order_by("pk").values())
    page = copy_page(whole)
    client.post(page, page_data(client, page))
    assert list(Sku.objects.filter(product=whole).order_by("pk").values()) == before
    assert Product.objects.get(pk=whole.pk).version == whole.version


def test_a_page_copies_once(client: Client, whole: Product) -> None:
    page = copy_page(whole)
    data = page_data(client, page)
    first, second = client.post(page, data), client.post(page, data)
    assert Product.objects.count() == 2
    assert first.url == second.url
    # Another page makes another.
    client.post(page, page_data(client, page))
    assert Product.objects.count() == 3


@pytest.mark.usefixtures("transactional_db", "patient_database")
def test_pressed_twice_at_once_it_copies_once(product_make: Make) -> None:
    product = product_make()
    key = uuid4()

    def press(number: int) -> int:
        return product_copy(product_id=product.pk, page_key=key, operator_id=None).pk

    made = together(press)
    assert {*made} == {Product.objects.exclude(pk=product.pk).get().pk}


@pytest.mark.parametrize("key", ["", "x"])
def test_without_a_key_nothing_is_copied(
    client: Client, product_make: Make, key: str
) -> None:
    product = product_make()
    assert client.post(copy_page(product), {"page_key": key}).status_code == 200
    assert Product.objects.count() == 1


def test_a_deleted_product_is_not_copied(client: Client, product_make: Make) -> None:
    product = product_make()
    page = copy_page(product)
    data = page_data(client, page)
    product_delete(product_id=product.pk)
    assert client.post(page, data).status_code == 404
    with pytest.raises(NotFound):
        product_copy(product_id=product.pk, page_key=uuid4(), operator_id=None)
    assert Product.objects.count() == 1
    text = client.get(f"{PRODUCTS}{product.pk}/change/").content.decode()
    assert page not in text
    assert "/preview/" not in text


def test_a_long_name_makes_room_for_the_suffix(product_make: Make) -> None:
    product = product_make("茶" * 100)
    copy = product_copy(product_id=product.pk, page_key=uuid4(), operator_id=None)
    assert copy.name == f"{'茶' * 97} 副本"


def test_a_picture_stays_while_the_copy_shows_it(whole: Product) -> None:
    product_copy(product_id=whole.pk, page_key=uuid4(), operator_id=None)
    product_update(product_id=whole.pk, fields={}, images=[], operator_id=None)
    shown = {"uploads/a.jpg", "uploads/c.jpg"}
    assert pictures_in_use({*shown, "uploads/z.jpg"}) == shown


def test_who_may_add_products_copies(product_make: Make) -> None:
    product = product_make()
    page = copy_page(product)
    for number, rights in enumerate((["view_product"], ["add_product"])):
        clerk = staff_client(*rights, name=f"clerk{number}")
        assert clerk.post(page, {"page_key": uuid4()}).status_code == 403
    assert Product.objects.count() == 1
    clerk = staff_client("view_product", "add_product")
    assert clerk.post(page, {"page_key": uuid4()}).status_code == 302
    assert Product.objects.count() == 2
