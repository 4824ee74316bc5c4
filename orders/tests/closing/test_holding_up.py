"""What is locked, or unknown to WeChat, waits and holds up nothing else."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import session_open
from catalog.models import Product, Sku
from conftest import alone
from orders.models import Order, Payment
from orders.services.closing import FAILURES_MAX, Sweep, orders_expire
from orders.tests.closing.ending import cancel, expire_all, started, trade_state
from orders.tests.conftest import line, placed, stock_of
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


def lock_of(product: Product) -> None:
    list(Sku.objects.select_for_update().filter(product=product))


def test_locked_stock_leaves_a_cancel_to_be_tried_again(
    shop_server: Any, shopper_api: APIClient, tea: Product, shopper: User
) -> None:
    """Refused as busy, nothing has happened: the order is not left closing."""
    order_no = placed(shopper_api, line(tea))["orderNo"]
    headers = {"Authorization": f"Bearer {session_open(user=shopper).token}"}
    url = f"{shop_server.url}/api/orders/{order_no}/cancel"
    with transaction.atomic():
        lock_of(tea)
        answer = requests.post(url, json={}, headers=headers, timeout=30)
    assert answer.status_code == 503
    assert Order.objects.get().closing_at is None
    assert requests.post(url, json={}, headers=headers, timeout=30).status_code == 200
    assert stock_of(tea) == 10


def test_locked_stock_leaves_a_closed_attempt_to_the_sweep(
    transactional_db: None,
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    tea: Product,
) -> None:
    """WeChat has closed it already: it goes on from there by itself."""
    order_no, out_trade_no = started(wechat_api, tea)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock_of(tea)
        answer = pool.submit(alone(cancel), wechat_api, order_no).result()
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["status"], data["closing"]) == ("pending", True)
    assert trade_state(simulator, out_trade_no) == "CLOSED"
    assert (stock_of(tea), Payment.objects.get().state) == (9, "open")
    assert orders_expire(now=Order.objects.get().due_at) == Sweep(cancelled=1)
    assert stock_of(tea) == 10


def test_order_that_another_holds_is_not_waited_for(
    transactional_db: None, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    held = placed(shopper_api, line(tea))["orderNo"]
    placed(shopper_api, line(cup))
    expire_all()
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        list(Order.objects.select_for_update().filter(order_no=held))
        assert pool.submit(alone(orders_expire)).result() == Sweep(cancelled=1)
    assert (stock_of(tea), stock_of(cup)) == (9, 5)
    assert orders_expire() == Sweep(cancelled=1)


def test_one_locked_order_holds_up_no_other(
    transactional_db: None, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    for product in (tea, cup):
        placed(shopper_api, line(product))
    expire_all()
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock_of(tea)
        sweep = pool.submit(alone(orders_expire)).result()
    assert sweep == Sweep(cancelled=1, waiting=1)
    assert (stock_of(tea), stock_of(cup)) == (9, 5)
    expire_all()
    assert orders_expire() == Sweep(cancelled=1)


def test_orders_that_wechat_never_heard_of_do_not_wait_for_it(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, cup: Product
) -> None:
    for _ in range(FAILURES_MAX + 1):
        started(wechat_api, tea)
    for _ in range(4):
        placed(wechat_api, line(cup))
    expire_all()
    simulator.fault("query", "500", 100)
    assert orders_expire() == Sweep(cancelled=4, waiting=FAILURES_MAX + 1)
    assert stock_of(cup) == 5


def test_closing_orders_are_tried_ever_more_seldom(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    started(wechat_api, tea)
    simulator.fault("query", "500", 100)
    now = Order.objects.get().expires_at
    waits = []
    for _ in range(10):
        assert orders_expire(now=now) == Sweep(waiting=1)
        due_at = Order.objects.get().due_at
        waits.append(int((due_at - now).total_seconds()))
        now = due_at
    assert waits == [60, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_404_that_is_not_wechats_frees_nothing(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, settings: Any
) -> None:
    """A proxy's or a wrong path's 404 says nothing about the payment."""
    order_no, _ = started(wechat_api, tea)
    settings.WECHAT_PAY_BASE = f"{simulator.base_url}/no-such-path"
    data = cancel(wechat_api, order_no).json()["data"]
    assert (data["status"], data["closing"]) == ("pending", True)
    assert stock_of(tea) == 9
