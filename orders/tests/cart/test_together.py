"""Who writes a cart at the same moment, orders among them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection, transaction
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Sku
from conftest import alone, lock_waiters, wait_until
from orders.models import CartItem
from orders.services.cart import cart_add
from orders.tests.conftest import line, placed
from orders.tests.processes import several_processes

from .filling import add, shown


def test_two_at_once_merge_into_one_line(
    transactional_db: None, patient_database: None, shopper: User, sku: Sku
) -> None:
    Sku.objects.filter(pk=sku.pk).update(stock=100)
    together = Barrier(8)

    def act(_: int) -> int:
        together.wait()
        return cart_add(user_id=shopper.pk, sku_id=sku.pk, quantity=3)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(alone(act), range(8)))
    assert CartItem.objects.get().quantity == 24
    assert keys == {CartItem.objects.get().pk}


def test_orders_and_carts_take_lines_in_one_order(
    transactional_db: None,
    patient_database: None,
    monkeypatch: Any,
    shopper_api: APIClient,
    two_skus: Any,
) -> None:
    """Or one that is placed and one who selects all could wait for each other."""
    several_processes(monkeypatch)
    # By the indexes, as where there are many carts.
    options = connection.settings_dict["OPTIONS"]
    plans = "".join(
        f" -c enable_{name}=off" for name in ("seqscan", "hashjoin", "mergejoin")
    )
    monkeypatch.setitem(options, "options", options["options"] + plans)
    product, small, large = two_skus
    for sku in (large, small):
        add(shopper_api, sku)
    first, second = CartItem.objects.order_by("pk")
    lines = [{**line(product), "skuId": sku.pk} for sku in (small, large)]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            CartItem.objects.select_for_update().get(pk=first.pk)
            order = pool.submit(alone(placed), shopper_api, *lines, fromCart=True)
            wait_until(lambda: lock_waiters() == 1)
            free = CartItem.objects.select_for_update(skip_locked=True)
            assert free.filter(pk=second.pk).exists()
        assert len(order.result()["items"]) == 2
    assert shown(shopper_api) == []
