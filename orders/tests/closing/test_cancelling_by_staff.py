"""Staff cancel an order as its shopper does, and beside the shopper."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone
from orders.errors import IllegalTransition
from orders.models import Order, OrderEvent, Refund
from orders.services.closing import Sweep, orders_expire
from orders.tests.closing.ending import (
    cancel,
    expire_all,
    staff_cancel,
    started,
    trade_state,
)
from orders.tests.conftest import line, paid_order, stock_of
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


def test_staff_cancel_as_the_shopper_does(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, staff: User
) -> None:
    _, out_trade_no = started(wechat_api, tea)
    assert staff_cancel(staff).status == "cancelled"
    assert trade_state(simulator, out_trade_no) == "CLOSED"
    assert stock_of(tea) == 10
    event = OrderEvent.objects.latest("pk")
    assert (event.to_status, event.operator, event.reason) == (
        "cancelled",
        staff,
        "缺货",
    )


def test_staff_who_may_cancel_do_not_give_money_back(
    shopper_api: APIClient, tea: Product, staff: User
) -> None:
    """The order was paid between the look at its page and the cancel."""
    paid_order(shopper_api, line(tea))
    with pytest.raises(IllegalTransition, match="订单无法取消"):
        staff_cancel(staff)
    order = Order.objects.get()
    assert (order.status, order.is_closing) == ("paid", False)
    assert not Refund.objects.exists()
    assert stock_of(tea) == 9


def test_staff_cancel_waits_for_wechat_too(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, staff: User
) -> None:
    started(wechat_api, tea)
    simulator.fault("query", "500", 1)
    order = staff_cancel(staff)
    assert (order.status, order.is_closing) == ("pending", True)
    assert stock_of(tea) == 9
    expire_all()
    assert orders_expire() == Sweep(cancelled=1)
    assert OrderEvent.objects.latest("pk").operator == staff


def test_staff_cannot_cancel_what_is_paid(
    shopper_api: APIClient, tea: Product, staff: User
) -> None:
    paid_order(shopper_api, line(tea))
    with pytest.raises(IllegalTransition, match="订单无法取消"):
        staff_cancel(staff)
    assert Order.objects.get().status == "paid"
    assert stock_of(tea) == 9


def test_shopper_and_staff_at_once_cancel_once(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    shop_server: Any,
    tea: Product,
    staff: User,
) -> None:
    order_no, _ = started(wechat_api, tea)
    together = threading.Barrier(2)

    def by_staff() -> None:
        with suppress(IllegalTransition):
            staff_cancel(staff)

    def run(work: Any) -> None:
        together.wait()
        work()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(alone(run), [by_staff, lambda: cancel(wechat_api, order_no)]))
    assert OrderEvent.objects.filter(to_status="cancelled").count() == 1
    assert stock_of(tea) == 10
