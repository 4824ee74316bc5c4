"""Locks are taken in one order, by whoever takes them: so nobody deadlocks."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.locks import products_lock, skus_lock
from catalog.models import Category, Product, ProductStatus, Sku
from catalog.services.categories import category_delete
from catalog.services.copying import product_copy
from catalog.services.products import products_set_status
from catalog.services.stock import sales_add, stock_return


@pytest.fixture
def products(product_make: Callable[..., Product]) -> list[Product]:
    return [product_make(name) for name in ("甲", "乙", "丙")]


@pytest.fixture
def skus(products: list[Product]) -> list[Sku]:
    return list(Sku.objects.order_by("pk"))


def statements(act: Callable[[], Any]) -> list[str]:
    """Run `act` in a transaction; return what it sends."""
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        act()
    return [one["sql"] for one in captured]


def is_lock(statement: str, table: str) -> bool:
    """Say whether a statement locks rows of a table by ascending id."""
    return statement.startswith("SELECT ") and statement.endswith(
        f' ORDER BY "{table}"."id" ASC FOR NO KEY UPDATE OF "{table}"'
    )


def test_skus_are_locked_by_ascending_id(skus: list[Sku]) -> None:
    ids = [sku.pk for sku in reversed(skus)]
    for wanted in ({"sku_ids": ids}, {"product_ids": [skus[0].product_id]}):
        [lock] = statements(lambda wanted=wanted: skus_lock(**wanted))
        assert is_lock(lock, "catalog_sku"), lock


def test_products_are_locked_by_ascending_id(products: list[Product]) -> None:
    ids = [product.pk for product in reversed(products)]
    [lock] = statements(lambda: products_lock(ids))
    assert is_lock(lock, "catalog_product"), lock


def test_products_are_locked_before_their_status_is_looked_at(
    products: list[Product],
) -> None:
    ids = [product.pk for product in reversed(products)]
    sent = statements(
        lambda: products_set_status(product_ids=ids, status=ProductStatus.OFF_SALE)
    )
    reads = [one for one in sent if 'FROM "catalog_product"' in one]
    assert is_lock(reads[0], "catalog_product"), reads


def test_a_product_is_locked_before_it_is_copied(products: list[Product]) -> None:
    sent = statements(
        lambda: product_copy(
            product_id=products[0].pk, page_key=uuid4(), operator_id=None
        )
    )
    reads = [one for one in sent if 'FROM "catalog_' in one]
    assert reads[0].endswith('FOR NO KEY UPDATE OF "catalog_product"'), reads


def test_stock_that_comes_back_is_locked_before_it_is_moved(skus: list[Sku]) -> None:
    pieces = {sku.pk: 1 for sku in reversed(skus)}
    lock, move = statements(lambda: stock_return(quantities=pieces, order_no="A1"))
    assert is_lock(lock, "catalog_sku"), lock
    assert "UPDATE catalog_sku" in move
    assert set(Sku.objects.values_list("stock", flat=True)) == {11}


def test_products_are_locked_before_their_sales_count(products: list[Product]) -> None:
    pieces = {product.pk: 2 for product in reversed(products)}
    lock, update = statements(lambda: sales_add(quantities=pieces))
    assert is_lock(lock, "catalog_product"), lock
    assert update.startswith('UPDATE "catalog_product"')
    assert set(Product.objects.values_list("sales", flat=True)) == {2}


def test_deleted_products_are_locked_before_their_category_goes(
    products: list[Product],
) -> None:
    category = Category.objects.create(name="茶")
    Product.objects.update(category=category, status="deleted")
    sent = statements(lambda: category_delete(category_id=category.pk))
    writes = [one for one in sent if one.startswith('UPDATE "catalog_product"')]
    before = sent[: sent.index(writes[0])]
    assert any(is_lock(one, "catalog_product") for one in before), sent
    assert set(Product.objects.values_list("category", flat=True)) == {None}
