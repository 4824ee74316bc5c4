"""Staff at the same moment: nobody's stock is overwritten unseen."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from catalog.locks import skus_lock
from catalog.models import Product, Sku, StockMovement
from catalog.services.products import product_update
from catalog.services.skus import SkuChange
from catalog.services.stock import stock_take
from shop.errors import ShopError

pytestmark = pytest.mark.usefixtures("transactional_db", "patient_database")
WRITERS = 8
Make = Callable[..., Product]


def together(action: Callable[[int], Any]) -> list[Any]:
    """Run the action in all threads at once; return results, or errors' slugs."""
    barrier = Barrier(WRITERS)

    def run(number: int) -> Any:
        try:
            barrier.wait()
            return action(number)
        except ShopError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def ledger_matches(product: Product) -> bool:
    moved = StockMovement.objects.filter(sku__product=product).aggregate(s=Sum("delta"))
    kept = Sku.objects.filter(product=product).aggregate(s=Sum("stock"))
    return moved == kept


def test_of_those_who_expect_the_same_stock_one_wins(product_make: Make) -> None:
    product = product_make(stock=10)

    def update(number: int) -> None:
        product_update(
            product_id=product.pk,
            fields={},
            only_sku=SkuChange(stock=100 + number, expected_stock=10),
            operator_id=None,
        )

    assert Counter(together(update)) == {None: 1, "stock_changed": WRITERS - 1}
    assert StockMovement.objects.count() == 2
    assert ledger_matches(product)


def test_of_those_who_save_the_same_page_one_wins(product_make: Make) -> None:
    product = product_make(price="99.00")
    Sku.objects.create(product=product, specs={"版": "新"}, price=100)
    product.skus.filter(price=99).update(specs={"版": "旧"})
    Product.objects.update(spec_names=["版"])
    cheap, dear = product.skus.order_by("price")

    def save(number: int) -> None:
        # The lowest price stays: nothing of the product's own row differs.
        dearer = SkuChange(id=dear.pk, price=Decimal(101 + number))
        product_update(
            product_id=product.pk,
            fields={},
            skus=[SkuChange(id=cheap.pk), dearer],
            expected_version=product.version,
            operator_id=None,
        )

    assert Counter(together(save)) == {None: 1, "product_changed": WRITERS - 1}
    assert Sku.objects.get(pk=dear.pk).price > 100


def test_setting_and_selling_keep_the_ledger_right(product_make: Make) -> None:
    product = product_make(stock=1000)
    sku_id = product.skus.get().pk

    def act(number: int) -> None:
        for turn in range(5):
            if number % 2:
                change = SkuChange(stock=1000 + turn)
                product_update(
                    product_id=product.pk, fields={}, only_sku=change, operator_id=None
                )
            else:
                with transaction.atomic():
                    skus_lock(sku_ids=[sku_id])
                    order_no = f"{number}-{turn}"
                    stock_take(quantities={sku_id: 3}, order_no=order_no)

    assert together(act) == [None] * WRITERS
    assert StockMovement.objects.filter(reason="order").count() == 5 * WRITERS // 2
    # What was set is what was there then, whoever sold in between.
    settings = StockMovement.objects.filter(reason="adjustment")
    assert set(settings.values_list("balance", flat=True)) <= set(range(1000, 1005))
    assert ledger_matches(product)


def test_sets_that_replace_each_other_leave_one_set(product_make: Make) -> None:
    product = product_make(stock=1)

    def update(number: int) -> None:
        product_update(
            product_id=product.pk,
            fields={"name": f"第{number}版"},
            skus=[
                SkuChange(specs={"版": f"{number}-{n}"}, price=5 + number, stock=n)
                for n in range(3)
            ],
            operator_id=None,
        )

    assert together(update) == [None] * WRITERS
    product.refresh_from_db()
    version = product.name[1]
    active = Sku.objects.active().filter(product=product)
    assert {sku.specs["版"][0] for sku in active} == {version}
    assert (active.count(), product.price) == (3, 5 + int(version))
    assert ledger_matches(product)
