"""No oversell under any interleaving, and a control that shows what locks are for."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.db import connection, transaction

from accounts.models import User
from accounts.services import session_open
from catalog.models import Product, Sku
from conftest import wait_until
from orders.models import Order, OrderItem
from orders.services.order_requests import OrderRequest, Wish
from orders.services.quoting import quote_make
from orders.tests.conftest import body, deadlocks, line, stock_of
from orders.tests.processes import several_processes

THREADS = 200
STOCK = 50


@pytest.fixture
def shoppers(transactional_db: None) -> list[User]:
    return User.objects.bulk_create(
        User(openid=f"racer-{n}", password="!") for n in range(20)
    )


@pytest.mark.usefixtures("audited")
def test_200_shoppers_buy_exactly_the_stock_of_50(
    shop_server: Any,
    settings: Any,
    shoppers: list[User],
    product_make: Callable[..., Product],
    monkeypatch: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each wants one of each of two products, half of them in reversed order."""
    several_processes(monkeypatch)
    settings.RATELIMITS = {**settings.RATELIMITS, "write": "100000/900s"}
    first, second = product_make("甲", stock=STOCK), product_make("乙", stock=STOCK)
    tokens = [session_open(user=user).token for user in shoppers]
    lines = [line(first), line(second)]
    deadlocks_before = deadlocks()
    together = threading.Barrier(THREADS)

    def post(wanted: list[Any], token: str) -> requests.Response:
        return requests.post(
            f"{shop_server.url}/api/orders",
            json=body(*wanted),
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )

    def buy(number: int) -> tuple[int, str | None]:
        wanted = lines if number % 2 else lines[::-1]
        together.wait()
        answer = post(wanted, tokens[number % len(tokens)])
        while answer.status_code == 503:
            # Waited for a lock too long, was told so, and comes again as told.
            time.sleep(int(answer.headers["Retry-After"]))
            answer = post(wanted, tokens[number % len(tokens)])
        return answer.status_code, (answer.json()["data"] or {}).get("error")

    with ThreadPoolExecutor(THREADS) as pool:
        answers = Counter(pool.map(buy, range(THREADS)))

    assert answers == {
        (201, None): STOCK,
        (409, "insufficient_stock"): THREADS - STOCK,
    }
    assert (stock_of(first), stock_of(second)) == (0, 0)
    assert Order.objects.count() == STOCK
    assert OrderItem.objects.count() == 2 * STOCK
    # PostgreSQL's counter lags; a deadlock would also have been logged as it was met.
    assert deadlocks() == deadlocks_before
    assert "DeadlockDetected" not in caplog.text


def test_control_without_the_lock_oversells(
    transactional_db: None, product_make: Callable[..., Product]
) -> None:
    """The same check without the lock, and a write of what was read: a lost update.

    If this did not oversell, the race above would prove nothing.
    """
    product = product_make(stock=1)
    together = threading.Barrier(4)

    def buy(_: int) -> bool:
        try:
            with transaction.atomic():
                request = OrderRequest([Wish(product.pk, None, 1)])
                quote = quote_make(user_id=0, request=request)
                together.wait()
                sku = quote.lines[0].sku
                sku.stock -= 1
                sku.save(update_fields=["stock"])
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        sold = sum(pool.map(buy, range(4)))
    assert sold == 4
    assert Sku.objects.get().stock == 0


def test_control_without_one_order_of_locks_deadlocks(
    transactional_db: None,
    patient_database: None,
    product_make: Callable[..., Product],
) -> None:
    """Two SKUs locked in opposite orders deadlock, so the order of ids matters."""
    first, second = product_make("甲"), product_make("乙")
    deadlocks_before = deadlocks()
    together = threading.Barrier(2)

    def lock(products: list[Product]) -> bool:
        try:
            with transaction.atomic():
                for product in products:
                    list(Sku.objects.select_for_update().filter(product=product))
                    if product is products[0]:
                        together.wait()
        except Exception:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lock, [[first, second], [second, first]]))
    assert sorted(results) == [False, True]
    # The counter is written when a backend ends or is idle.
    wait_until(lambda: deadlocks() > deadlocks_before)
    assert deadlocks() == deadlocks_before + 1


def test_lock_held_by_somebody_is_busy_not_an_error(
    shop_server: Any,
    settings: Any,
    shopper: User,
    product_make: Callable[..., Product],
) -> None:
    product = product_make(stock=5)
    token = session_open(user=shopper).token
    with transaction.atomic():
        list(Sku.objects.select_for_update().filter(product=product))
        answer = requests.post(
            f"{shop_server.url}/api/orders",
            json=body(line(product)),
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
    assert answer.status_code == 503
    assert answer.json()["data"] == {"error": "busy"}
    assert int(answer.headers["Retry-After"]) >= 1
    assert stock_of(product) == 5
    assert Order.objects.count() == 0
