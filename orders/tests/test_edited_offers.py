"""An order that waits for an editor buys what the editor has left, or nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from catalog.models import Product, ProductStatus, Sku
from catalog.services.products import product_update
from catalog.services.skus import SkuChange
from conftest import alone, lock_waiters, wait_until
from orders.models import Order
from orders.tests.conftest import body, line, written

pytestmark = pytest.mark.usefixtures("transactional_db", "patient_database")


@contextmanager
def order_behind(
    api: APIClient, product: Product, edit: Callable[[], None]
) -> Iterator[Future[Any]]:
    """Edit, let an order wait for the edit's locks, commit; yield the answer to be."""

    @alone
    def post() -> Any:
        return api.post("/api/orders", body(line(product)), format="json")

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            edit()
            answer = pool.submit(post)
            wait_until(lambda: lock_waiters() or answer.done())
        yield answer


def test_price_and_status_come_from_the_same_edit(
    shopper_api: APIClient, tea: Product
) -> None:
    def park() -> None:
        """Take the tea off sale at a price that nobody is to pay."""
        product_update(
            product_id=tea.pk,
            fields={"status": ProductStatus.OFF_SALE},
            only_sku=SkuChange(price=Decimal("0.01")),
            operator_id=None,
        )

    before = written()
    with order_behind(shopper_api, tea, park) as answer:
        response = answer.result()
    assert response.status_code == 409
    assert response.json()["data"]["error"] == "not_on_sale"
    assert written() == before


def test_name_and_price_come_from_the_same_edit(
    shopper_api: APIClient, tea: Product
) -> None:
    def rename() -> None:
        product_update(
            product_id=tea.pk,
            fields={"name": "明前龙井"},
            only_sku=SkuChange(price=Decimal("199.00")),
            operator_id=None,
        )

    with order_behind(shopper_api, tea, rename) as answer:
        [item] = answer.result().json()["data"]["items"]
    assert (item["name"], item["price"]) == ("明前龙井", "199.00")


def test_set_that_was_replaced_meanwhile_is_asked_for_again(
    shopper_api: APIClient, tea: Product
) -> None:
    """The new SKU could not be locked with the others: come again, not «off sale»."""

    def replace() -> None:
        new = SkuChange(specs={"装": "盒"}, price=Decimal("120.00"), stock=3)
        product_update(product_id=tea.pk, fields={}, skus=[new], operator_id=None)

    with order_behind(shopper_api, tea, replace) as answer:
        response = answer.result()
    assert response.status_code == 503
    assert response.json()["data"] == {"error": "busy"}
    assert response["Retry-After"] == "1"
    assert Order.objects.count() == 0

    again = shopper_api.post("/api/orders", body(line(tea)), format="json")
    assert again.status_code == 201
    new = Sku.objects.active().get(product=tea)
    assert (again.json()["data"]["items"][0]["skuId"], new.stock) == (new.pk, 2)
