"""Adjustments at the same moment as others, and as orders."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.locks import skus_lock
from catalog.models import Product, StockMovement
from catalog.services.stock import (
    Adjustment,
    last_adjustment_id,
    stock_adjust,
    stock_take,
    stocks_adjust,
)
from catalog.tests.conftest import ledger
from catalog.tests.test_races import WRITERS, ledger_matches, together
from shop.errors import NotFound

Make = Callable[..., Product]


def order_takes(product: Product, quantity: int, order_no: str) -> bool:
    """Take pieces as an order does: under the lock, after the check."""
    sku_id = product.skus.get().pk
    with transaction.atomic():
        has_enough = skus_lock(sku_ids=[sku_id])[sku_id].stock >= quantity
        if has_enough:
            stock_take(quantities={sku_id: quantity}, order_no=order_no)
    return has_enough


@pytest.mark.django_db(transaction=True)
def test_of_adjustments_from_the_same_page_one_wins(product_make: Make) -> None:
    product = product_make(stock=10)
    sku_id = product.skus.get().pk

    def adjust(number: int) -> int:
        return stock_adjust(
            sku_id=sku_id,
            delta=1,
            note="到货",
            operator_id=None,
            expected_adjustment=0,
        )

    assert Counter(together(adjust)) == {11: 1, "stock_changed": WRITERS - 1}
    assert ledger(product.pk) == [("initial", 10, 10), ("adjustment", 1, 11)]


@pytest.mark.django_db(transaction=True)
def test_of_adjustments_of_many_from_the_same_page_one_wins(shirt: Product) -> None:
    ids = list(shirt.skus.order_by("pk").values_list("pk", flat=True))

    def adjust(number: int) -> None:
        # In both orders: whoever locked one by one as named would wait for ever.
        lines = [
            Adjustment(sku_id=pk, delta=1, expected_adjustment=0)
            for pk in (ids if number % 2 else reversed(ids))
        ]
        stocks_adjust(adjustments=lines, note="到货", operator_id=None)

    assert Counter(together(adjust)) == {None: 1, "invalid": WRITERS - 1}
    assert ledger(shirt.pk)[2:] == [("adjustment", 1, 6), ("adjustment", 1, 8)]


@pytest.mark.django_db(transaction=True)
def test_adjusting_and_ordering_at_once_never_oversell(product_make: Make) -> None:
    product = product_make(stock=10)
    sku_id = product.skus.get().pk

    def act(number: int) -> Any:
        if number % 2:
            return order_takes(product, 3, f"A{number}")
        return stock_adjust(sku_id=sku_id, delta=-3, note="破损", operator_id=None) >= 0

    answers = Counter(together(act))
    # Three of the eight get their three pieces, whoever they are.
    assert answers[True] == 3
    assert product.skus.get().stock == 1
    assert ledger_matches(product)


@pytest.mark.django_db(transaction=True)
def test_a_counted_figure_and_orders_at_once_agree(product_make: Make) -> None:
    product = product_make(stock=100)
    sku_id = product.skus.get().pk

    def act(number: int) -> Any:
        if number:
            return order_takes(product, 1, f"A{number}")
        return stock_adjust(
            sku_id=sku_id,
            delta=-50,
            note="盘点",
            operator_id=None,
            expected_stock=100,
        )

    counted = together(act)[0]
    # Either it came first, or it was told that the figure is no longer the same.
    assert counted in (50, "stock_changed")
    left = 50 if counted == 50 else 100
    assert product.skus.get().stock == left - (WRITERS - 1)
    assert ledger_matches(product)


def test_an_unknown_sku_is_refused(db: None) -> None:
    with pytest.raises(NotFound, match="SKU不存在"):
        stock_adjust(sku_id=1, delta=1, note="到货", operator_id=None)


def test_the_last_adjustment_is_found_by_an_index(product_make: Make) -> None:
    sku = product_make(stock=10).skus.get()
    assert last_adjustment_id(sku_id=sku.pk) == 0
    stock_adjust(sku_id=sku.pk, delta=1, note="到货", operator_id=None)
    last = StockMovement.objects.get(sku=sku, reason="adjustment")
    StockMovement.objects.bulk_create(
        StockMovement(sku=sku, delta=1, balance=1, reason="order", reference=f"A{n}")
        for n in range(1000)
    )
    with CaptureQueriesContext(connection) as queries:
        assert last_adjustment_id(sku_id=sku.pk) == last.pk
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_stockmovement")
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        assert "movement_adjustment" in str(cursor.fetchall())
