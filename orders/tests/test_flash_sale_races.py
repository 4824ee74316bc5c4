"""Shoppers at once in a flash sale: none oversells it, or gets more than the limit."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.models import User
from catalog.models import FlashSaleSku, Product
from conftest import alone
from orders.errors import SaleLimitExceeded, SaleSoldOut
from orders.models import FlashSaleTaking, Order
from orders.services.order_requests import Destination, OrderRequest, Wish
from orders.services.placing import order_place
from orders.tests.conftest import ADDRESS, stock_of
from orders.tests.flash_sales_plain import running
from orders.tests.processes import several_processes

# Of one process, whose orders are placed together; of several, which wait for locks.
PROCESSES = {"one": False, "several": True}


@pytest.mark.usefixtures("audited", "patient_database")
@pytest.mark.parametrize("is_several", PROCESSES.values(), ids=PROCESSES)
def test_50_orders_of_25_shoppers_take_the_last_15_pieces_one_each(
    transactional_db: None,
    product_make: Callable[..., Product],
    monkeypatch: pytest.MonkeyPatch,
    is_several: bool,
) -> None:
    if is_several:
        several_processes(monkeypatch)
    tea = product_make("龙井茶", stock=100)
    running(tea, stock=15, user_limit=1)
    shoppers = User.objects.bulk_create(
        User(openid=f"racer-{n}", password="!") for n in range(25)
    )
    asked = OrderRequest([Wish(tea.pk, None, 1)], Destination(**ADDRESS))
    together = threading.Barrier(50)

    def buy(number: int) -> str:
        together.wait()
        try:
            order_place(user_id=shoppers[number % 25].pk, request=asked)
        except (SaleSoldOut, SaleLimitExceeded):
            return "refused"
        return "placed"

    with ThreadPoolExecutor(50) as pool:
        told = Counter(pool.map(alone(buy), range(50)))
    assert told == {"placed": 15, "refused": 35}
    assert FlashSaleSku.objects.get().sold == 15
    takings = FlashSaleTaking.objects.values_list("quantity", flat=True)
    assert list(takings) == [1] * 15
    assert (Order.objects.count(), stock_of(tea)) == (15, 85)
