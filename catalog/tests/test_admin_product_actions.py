"""What is done to many products at once, from the list."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Product, Sku
from catalog.tests.admin_pages import (
    PRODUCTS,
    STALE,
    errors,
    facts,
    inputs,
    page_data,
    product_page,
    told,
)

Make = Callable[..., Product]


def test_bulk_actions_tell_how_many_they_changed(
    client: Client, product_make: Make
) -> None:
    first, second, gone = (
        product_make("甲"),
        product_make("乙", status="off_sale"),
        product_make("丙", status="deleted"),
    )
    chosen = {"_selected_action": [first.pk, second.pk]}
    response = client.post(PRODUCTS, {"action": "take_off_sale", **chosen})
    assert told(response) == ["已下架1个商品,另有1个不需要下架或已删除"]
    response = client.post(PRODUCTS, {"action": "put_on_sale", **chosen})
    assert told(response) == ["已上架2个商品"]
    deleted = {"action": "put_on_sale", "_selected_action": [gone.pk]}
    response = client.post(f"{PRODUCTS}?status=deleted", deleted)
    assert told(response) == ["已上架0个商品,另有1个不需要上架或已删除"]
    statuses = Product.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["on_sale", "on_sale", "deleted"]


@contextmanager
def held_by_others(statement: str) -> Iterator[None]:
    """Hold a lock in another session, for which ours does not wait."""
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(statement)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'")
        yield
    finally:
        holder.close()
        connection.close()


def test_a_bulk_action_that_meets_a_lock_is_told(
    client: Client, transactional_db: None, product_make: Make
) -> None:
    product = product_make()
    act = {"action": "take_off_sale", "_selected_action": [product.pk]}
    with held_by_others("SELECT FROM catalog_product FOR UPDATE"):
        response = client.post(f"{PRODUCTS}?status=on_sale", act)
    assert told(response) == ["系统繁忙,请稍后再试"]
    assert (response.status_code, response.headers["Location"]) == (
        302,
        f"{PRODUCTS}?status=on_sale",
    )
    assert facts(product)["status"] == "on_sale"


def test_a_search_that_takes_too_long_leads_to_the_plain_list(
    client: Client, transactional_db: None, product_make: Make
) -> None:
    product_make("龙井")
    with held_by_others("LOCK TABLE catalog_productsearch"):
        response = client.get(PRODUCTS, {"q": "龙井"})
        assert told(response) == ["系统繁忙,请稍后再试"]
        assert (response.status_code, response.headers["Location"]) == (302, PRODUCTS)
        assert "龙井" in client.get(PRODUCTS).content.decode()
    with (
        held_by_others("LOCK TABLE catalog_product"),
        pytest.raises(OperationalError),
    ):
        client.get(PRODUCTS)


def test_a_bulk_action_makes_an_open_page_old(
    client: Client, product_make: Make
) -> None:
    product = product_make()
    data = page_data(client, product_page(product))
    client.post(PRODUCTS, {"action": "take_off_sale", "_selected_action": [product.pk]})
    assert errors(client.post(product_page(product), data)) == [STALE]
    assert facts(product)["status"] == "off_sale"


def test_deleting_marks_one_or_many(client: Client, product_make: Make) -> None:
    first, second, third = (product_make(name) for name in "甲乙丙")
    assert (
        client.post(f"{PRODUCTS}{first.pk}/delete/", {"post": "yes"}).status_code == 302
    )
    many = {
        "action": "delete_selected",
        "_selected_action": [second.pk, third.pk],
    }
    asked = client.post(PRODUCTS, many)
    assert asked.status_code == 200
    assert facts(second)["status"] == "on_sale"
    response = client.post(PRODUCTS, inputs(asked))
    assert told(response) == ["成功删除了 2 个 商品"]
    assert set(Product.objects.values_list("status", flat=True)) == {"deleted"}
    assert Sku.objects.filter(is_active=True).count() == 3


def test_the_list_offers_deletion_once(client: Client, product_make: Make) -> None:
    gone = product_make(status="deleted")
    form = client.get(PRODUCTS).context["action_form"]
    assert form.fields["action"].choices[1:] == [
        ("put_on_sale", "上架所选商品"),
        ("take_off_sale", "下架所选商品"),
        ("export_chosen", "导出所选"),
        ("delete_selected", "删除所选商品"),
    ]
    deleted = {"action": "delete_selected", "_selected_action": [gone.pk]}
    url = f"{PRODUCTS}?status=deleted"
    before = facts(gone)
    client.post(url, {**deleted, "post": "yes"})
    assert facts(gone) == before
    assert not LogEntry.objects.exists()


def test_a_bulk_action_is_in_the_history_of_what_it_changed(
    client: Client, staff: Any, product_make: Make
) -> None:
    def sent(action: str, *products: Product) -> int:
        chosen = [product.pk for product in products]
        with CaptureQueriesContext(connection) as queries:
            client.post(PRODUCTS, {"action": action, "_selected_action": chosen})
        return len(queries)

    off = product_make("丙", status="off_sale")
    few = [product_make(f"甲{n}") for n in range(2)]
    many = [product_make(f"乙{n}") for n in range(20)]
    sent("take_off_sale", few[0])
    # The first change of a product begins its history, with a statement more.
    sent("take_off_sale", *many)
    sent("put_on_sale", *many)
    LogEntry.objects.all().delete()
    sent("take_off_sale", *few, off)
    assert list(LogEntry.objects.values_list("object_repr", flat=True)) == ["甲1"]
    statements = sent("put_on_sale", *few)
    LogEntry.objects.all().delete()
    assert sent("take_off_sale", *many, off) == statements
    entries = LogEntry.objects.filter(user=staff, action_flag=2, change_message="下架")
    assert set(entries.values_list("object_id", flat=True)) == {
        str(product.pk) for product in many
    }
    history = client.get(f"{product_page(many[0])[:-7]}history/").content.decode()
    assert "下架" in history
