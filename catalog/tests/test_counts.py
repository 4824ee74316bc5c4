"""The kept number of products on sale: true after every way of writing a product."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.jobs import counts_add
from catalog.listing import ProductListing
from catalog.listing_sql import COLLECTED_MAX
from catalog.models import Category, Product, ProductCount, ProductStatus, Sku
from catalog.services.categories import category_create, category_delete
from catalog.services.counts import counts_add_up
from catalog.services.products import (
    product_create,
    product_delete,
    product_update,
    products_set_status,
)
from catalog.services.skus import SkuChange
from catalog.services.stock import Adjustment, stock_adjust, stocks_adjust
from conftest import alone, lock_waiters, wait_until

Make = Callable[..., Product]


@pytest.fixture
def shelves(db: None) -> list[Category]:
    return [category_create(name=name) for name in ("茶", "服饰")]


def kept() -> dict[int | None, int]:
    rows = ProductCount.objects.values_list("category_id").annotate(Sum("delta"))
    return {category_id: total for category_id, total in rows if total}


def counted() -> dict[int | None, int]:
    rows = Product.objects.on_sale().values_list("category_id").annotate(Count("pk"))
    return dict(rows)


def test_every_way_of_writing_is_counted(shelves: list[Category]) -> None:
    tea, clothes = shelves
    sku = SkuChange(price=5, stock=1)
    made = [
        product_create(
            fields={"name": "甲", "category": category}, skus=[sku], operator_id=None
        )
        for category in (tea, tea, clothes, None)
    ]
    assert kept() == counted() == {tea.pk: 2, clothes.pk: 1, None: 1}
    product_update(
        product_id=made[0].pk, fields={"category": clothes}, operator_id=None
    )
    assert kept() == counted() == {tea.pk: 1, clothes.pk: 2, None: 1}
    ids = [made[0].pk, made[1].pk]
    products_set_status(product_ids=ids, status=ProductStatus.OFF_SALE)
    assert kept() == counted() == {clothes.pk: 1, None: 1}
    product_update(product_id=made[1].pk, fields={"category": None}, operator_id=None)
    products_set_status(product_ids=ids, status=ProductStatus.ON_SALE)
    assert kept() == counted() == {clothes.pk: 2, None: 2}
    product_delete(product_id=made[2].pk)
    assert kept() == counted() == {clothes.pk: 1, None: 2}
    rows = [
        Product(name="乙", price=1, category=tea, status=status)
        for status in ("on_sale", "on_sale", "off_sale")
    ]
    Product.objects.bulk_create(rows)
    assert kept() == counted() == {tea.pk: 2, clothes.pk: 1, None: 2}
    Product.objects.filter(category=tea).update(category=clothes, status="on_sale")
    assert kept() == counted() == {clothes.pk: 4, None: 2}
    Product.objects.filter(pk__in=[row.pk for row in rows]).delete()
    assert kept() == counted() == {clothes.pk: 1, None: 2}


def test_one_statement_leaves_one_change_for_each_category(
    shelves: list[Category],
) -> None:
    tea, clothes = shelves
    Product.objects.bulk_create(
        Product(name="甲", price=1, category=shelves[number % 2])
        for number in range(100)
    )
    assert sorted(ProductCount.objects.values_list("category_id", "delta")) == [
        (tea.pk, 50),
        (clothes.pk, 50),
    ]
    appended = set(ProductCount.objects.values_list("pk", flat=True))
    for act, deltas in (
        (lambda rows: rows.update(price=7), {tea.pk: 0, clothes.pk: 0}),
        (lambda rows: rows.update(price=7), {}),
        (lambda rows: rows.update(category=tea), {tea.pk: 50, clothes.pk: -50}),
        (lambda rows: rows.update(status="off_sale"), {tea.pk: -100}),
        (lambda rows: rows.update(price=8), {}),
    ):
        act(Product.objects.all())
        changes = ProductCount.objects.exclude(pk__in=appended)
        assert sorted(changes.values_list("category_id", "delta")) == [*deltas.items()]
        appended |= set(changes.values_list("pk", flat=True))


def test_a_sale_writes_no_change_and_a_new_price_one_of_nothing(
    product_make: Make,
) -> None:
    product = product_make()
    before = list(ProductCount.objects.values_list("pk", "delta"))
    Product.objects.update(sales=5)
    product.save()
    assert list(ProductCount.objects.values_list("pk", "delta")) == before
    for number, moved in enumerate(({"price": 7}, {"created_at": timezone.now()}), 1):
        Product.objects.update(**moved)
        added = ProductCount.objects.exclude(pk__in=[pk for pk, _ in before])
        assert [change.delta for change in added] == [0] * number


def test_a_stock_that_staff_edit_is_in_the_total_of_what_is_in_stock(db: None) -> None:
    rows = Product.objects.bulk_create(
        Product(name="甲", price=1) for _ in range(COLLECTED_MAX + 9)
    )
    first, second, third, fourth, fifth = Sku.objects.bulk_create(
        Sku(product=row, price=1, stock=1) for row in rows
    )[:5]

    def total() -> int:
        return ProductListing(in_stock=True).page(0, 1)[0]

    everything = total()
    assert everything == COLLECTED_MAX + 9
    Sku.objects.filter(pk=fifth.pk).update(stock=0)
    # As an order does: a minute may pass.
    assert total() == everything
    by = {"operator_id": None}
    stock_adjust(sku_id=first.pk, delta=-1, note="", **by)
    assert total() == everything - 2
    line = Adjustment(sku_id=second.pk, delta=-1)
    stocks_adjust(adjustments=[line], note="", **by)
    assert total() == everything - 3
    sold_out = SkuChange(stock=0)
    product_update(product_id=third.product_id, fields={}, only_sku=sold_out, **by)
    assert total() == everything - 4
    another = SkuChange(specs={"色": "红"}, price=Decimal(1))
    product_update(product_id=fourth.product_id, fields={}, skus=[another], **by)
    assert total() == everything - 5


def test_a_total_reads_one_row_a_category_after_the_job(
    api: APIClient, shelves: list[Category], product_make: Make
) -> None:
    tea, clothes = shelves
    green = category_create(name="绿茶", parent=tea)
    for category in (tea, green, green, clothes, None, None):
        product_make(category=category)
    counts_add(timestamp=0)
    rows = ProductCount.objects.values_list("category_id", "delta")
    assert Counter(rows) == Counter(
        {(tea.pk, 1): 1, (green.pk, 2): 1, (clothes.pk, 1): 1, (None, 2): 1}
    )
    assert counts_add_up() == 0

    def total(**query: Any) -> int:
        found = api.get("/api/products", query).json()["data"]["pagination"]["total"]
        return int(found)

    assert total() == 6
    assert total(category=tea.pk) == 3
    assert total(category=green.pk) == 2
    assert total(category=0) == total(category="9" * 30) == 0


def test_a_deleted_category_counts_nothing(shelves: list[Category]) -> None:
    tea, _ = shelves
    product = Product.objects.create(name="甲", price=1, category=tea)
    product_delete(product_id=product.pk)
    category_delete(category_id=tea.pk)
    assert kept() == counted() == {}


def test_writers_of_one_category_and_the_job_wait_for_nobody(
    transactional_db: None, product_make: Make
) -> None:
    tea = category_create(name="茶")
    made = [product_make(category=tea) for _ in range(3)]
    with ThreadPoolExecutor(1) as other:

        def act(function: Callable[..., Any], **call: Any) -> Any:
            return other.submit(alone(function), **call).result()

        with transaction.atomic():
            product_delete(product_id=made[0].pk)
            act(product_delete, product_id=made[1].pk)
            assert act(counts_add_up) == 1
            # Neither of the open transaction's own nor of nobody's view is lost.
            assert kept() == {tea.pk: 1}
            assert act(kept) == {tea.pk: 2}
        assert kept() == counted() == {tea.pk: 1}


def test_twins_add_up_once(
    transactional_db: None, patient_database: None, product_make: Make
) -> None:
    made = [product_make() for _ in range(3)]
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            assert counts_add_up() == 1
            twin = other.submit(alone(counts_add_up))
            wait_until(lambda: lock_waiters() == 1)
            product_delete(product_id=made[0].pk)
        # It finds deleted what it has waited for.
        assert twin.result() == 0
    assert kept() == counted() == {None: 2}


def test_a_list_has_another_name_after_each_commit(
    transactional_db: None, product_make: Make
) -> None:
    """Even after one that another has overtaken, whose change is the last."""
    slow, quick = (product_make(price=price) for price in (1, 2))

    def name() -> object:
        return ProductListing()._shelf.version

    def reprice(product: Product) -> None:
        Product.objects.filter(pk=product.pk).update(price=7)

    names = [name()]
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            reprice(slow)
            other.submit(alone(reprice), quick).result()
            names.append(other.submit(alone(name)).result())
        names.append(name())
    counts_add_up()
    names.append(name())
    assert len(set(names)) == 4


def test_what_was_there_before_the_triggers_is_counted(
    shelves: list[Category], product_make: Make
) -> None:
    migration = import_module("catalog.migrations.0010_counts_kept")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.TRIGGERS_REVERSE)
        for category in (*shelves, shelves[0], None):
            product_make(category=category)
        product_make(status="off_sale")
        ProductCount.objects.all().delete()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.TRIGGERS)
        cursor.execute(migration.FILL)
    product_make(category=shelves[1])
    assert kept() == counted() == {shelves[0].pk: 2, shelves[1].pk: 2, None: 1}
