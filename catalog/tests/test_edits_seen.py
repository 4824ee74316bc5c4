"""The next one to ask sees what staff have committed, by whatever way they wrote it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Category, Product, ProductStatus, Sku
from catalog.services import categories, copying, products, stock
from catalog.services.categories import (
    categories_arrange,
    category_create,
    category_delete,
    category_update,
)
from catalog.services.products import (
    product_create,
    product_delete,
    product_update,
    products_set_status,
)
from catalog.services.skus import SkuChange
from catalog.services.stock import Adjustment, stock_adjust, stocks_adjust
from catalog.tree import category_walk, tree_version

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Shelf:
    """What there is: a product of one SKU in a category, and a category besides."""

    product: Product
    sku: Sku
    tea: Category
    cups: Category


@pytest.fixture
def shelf(product_make: Callable[..., Product]) -> Shelf:
    tea, cups = category_create(name="茶"), category_create(name="杯")
    product = product_make("龙井茶", category=tea, stock=10)
    return Shelf(product, product.skus.get(), tea, cups)


def update(shelf: Shelf, **changes: Any) -> None:
    known: dict[str, Any] = {"fields": {}, "operator_id": None} | changes
    product_update(product_id=shelf.product.pk, **known)


def rename(shelf: Shelf) -> None:
    facts = {"name": "绿茶", "parent": None, "icon": "uploads/a.jpg", "position": 0}
    category_update(category_id=shelf.tea.pk, **facts)


def arrange(shelf: Shelf) -> None:
    version = tree_version([row for row, _ in category_walk()])
    places = [(shelf.cups.pk, None), (shelf.tea.pk, shelf.cups.pk)]
    categories_arrange(places=places, expected_version=version, operator_id=None)


def create(shelf: Shelf) -> None:
    skus = [SkuChange(specs={}, price=Decimal(5), stock=1)]
    product_create(fields={"name": "杯"}, skus=skus, operator_id=None)


def status_set(shelf: Shelf) -> None:
    products_set_status(product_ids=[shelf.product.pk], status=ProductStatus.OFF_SALE)


def skus_set(shelf: Shelf) -> None:
    update(
        shelf,
        skus=[
            SkuChange(id=shelf.sku.pk, specs={"色": "红"}),
            SkuChange(specs={"色": "蓝"}, price=Decimal(7), stock=2),
        ],
    )


def adjust(shelf: Shelf) -> None:
    stock_adjust(sku_id=shelf.sku.pk, delta=-3, note="盘点", operator_id=None)


def adjust_many(shelf: Shelf) -> None:
    line = Adjustment(sku_id=shelf.sku.pk, delta=4)
    stocks_adjust(adjustments=[line], note="盘点", operator_id=None)


LIST, TREE = "/api/products", "/api/categories"
DETAIL = "/api/products/{pk}"
EDITS: dict[str, tuple[str, Callable[[Shelf], object]]] = {
    "a new product": (LIST, create),
    "its name": (DETAIL, lambda shelf: update(shelf, fields={"name": "茶"})),
    "its pictures": (DETAIL, lambda shelf: update(shelf, images=["uploads/a.jpg"])),
    "its price": (
        LIST,
        lambda shelf: update(shelf, only_sku=SkuChange(price=Decimal(8))),
    ),
    "its stock": (DETAIL, lambda shelf: update(shelf, only_sku=SkuChange(stock=3))),
    "its SKUs": (DETAIL, skus_set),
    "off sale": (LIST, status_set),
    "deleted": (LIST, lambda shelf: product_delete(product_id=shelf.product.pk)),
    "stock by hand": (DETAIL, adjust),
    "stocks by hand": (LIST, adjust_many),
    "a new category": (TREE, lambda shelf: category_create(name="壶")),
    "a category's name": (DETAIL, rename),
    "a category's icon": (TREE, rename),
    "the tree": (TREE, arrange),
    "one category less": (
        TREE,
        lambda shelf: category_delete(category_id=shelf.cups.pk),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_is_seen_by_the_next_one(
    api: APIClient, shelf: Shelf, django_assert_num_queries: Any, name: str
) -> None:
    path, edit = EDITS[name]
    path = path.format(pk=shelf.product.pk)
    before = [api.get(path).json() for _ in range(2)][0]
    with django_assert_num_queries(0):
        assert api.get(path).json() == before
    edit(shelf)
    after = api.get(path).json()
    assert after != before
    with django_assert_num_queries(0):
        assert api.get(path).json() == after


def test_staff_see_it_who_write_by_the_api(
    api: APIClient, staff_api: APIClient, shelf: Shelf
) -> None:
    path = f"/api/products/{shelf.product.pk}"
    for price in ("8.00", "7.00"):
        assert api.get(path).json()["data"]["price"] != price
        staff_api.patch(path, {"price": price}, format="json")
        assert api.get(path).json()["data"]["price"] == price
    assert staff_api.delete(path).status_code == 200
    assert api.get(path).status_code == 404


# What nobody sees: keys of pages, and a copy is made by `product_create`.
UNSEEN = {"additions_delete_old", "product_copy"}
# What orders do: seconds may pass, as they do for stock.
ORDERS = {"stock_take", "stock_return", "stock_refund", "sales_add"}
# Within another service alone.
PARTS = {"stock_set"}


@pytest.mark.parametrize("module", [categories, copying, products, stock])
def test_no_service_forgets(module: ModuleType) -> None:
    services = {
        name: service
        for name, service in inspect.getmembers(module, inspect.isfunction)
        if service.__module__ == module.__name__ and not name.startswith(("_", "last_"))
    }
    told = {
        name
        for name, service in services.items()
        if "answers_drop()" in inspect.getsource(service)
    }
    assert services.keys() - told == services.keys() & (UNSEEN | ORDERS | PARTS)
