"""The sweep ends what is due, and asks WeChat first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from conftest import alone
from orders.models import Order, OrderEvent
from orders.services import closing
from orders.services.closing import FAILURES_MAX, Sweep, orders_expire
from orders.services.order_requests import Wish
from orders.services.placing import Destination, OrderRequest, order_place
from orders.tests.closing.ending import cancel, expire_all, started, trade_state
from orders.tests.conftest import ADDRESS, line, placed, stock_of
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


def test_sweep_ends_what_is_due_and_nothing_else(
    shopper_api: APIClient, other_api: APIClient, tea: Product
) -> None:
    due = placed(shopper_api, line(tea, 2))["orderNo"]
    fresh = placed(other_api, line(tea, 3))["orderNo"]
    Order.objects.filter(order_no=due).update(due_at=timezone.now())
    assert orders_expire() == Sweep(cancelled=1)
    assert Order.objects.get(order_no=due).status == "cancelled"
    assert Order.objects.get(order_no=fresh).status == "pending"
    assert stock_of(tea) == 7
    event = OrderEvent.objects.latest("pk")
    assert (event.reason, event.operator_id) == ("超时未付款", None)
    assert orders_expire() == Sweep()


def test_sweep_takes_a_payment_whose_notification_was_lost(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    _, out_trade_no = started(wechat_api, tea)
    simulator.fault("notify", "never", 1)
    simulator.pay(out_trade_no)
    expire_all()
    assert orders_expire() == Sweep(paid=1)
    assert Order.objects.get().status == "paid"


def test_sweep_closes_attempts_at_wechat_first(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    _, out_trade_no = started(wechat_api, tea)
    expire_all()
    assert orders_expire() == Sweep(cancelled=1)
    assert trade_state(simulator, out_trade_no) == "CLOSED"


def test_attempt_that_wechat_never_heard_of_is_released(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    simulator.fault("prepay", "500", 1)
    assert wechat_api.post(f"/api/orders/{order_no}/pay").status_code == 503
    assert cancel(wechat_api, order_no).json()["data"]["status"] == "cancelled"
    assert stock_of(tea) == 10


def test_sweep_stops_asking_a_wechat_that_is_away(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    for _ in range(FAILURES_MAX + 2):
        started(wechat_api, tea)
    expire_all()
    simulator.fault("query", "500", 100)
    assert orders_expire() == Sweep(waiting=FAILURES_MAX + 2)
    assert set(Order.objects.values_list("status", flat=True)) == {"pending"}
    assert stock_of(tea) == 5
    # Leased: the next sweep leaves them alone until their time comes again.
    simulator.clear_faults()
    assert orders_expire() == Sweep()
    expire_all()
    assert orders_expire() == Sweep(cancelled=FAILURES_MAX + 2)
    assert stock_of(tea) == 10


def test_more_orders_than_a_batch_are_all_ended(
    shopper: User, product_make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "BATCH_SIZE", 10)
    product = product_make(stock=500)
    request = OrderRequest([Wish(product.pk, None, 1)], Destination(**ADDRESS))
    for _ in range(25):
        order_place(user_id=shopper.pk, request=request)
    expire_all()
    assert orders_expire() == Sweep(cancelled=25)
    assert stock_of(product) == 500


def test_sweeps_and_cancels_at_once_give_the_stock_back_once(
    transactional_db: None, patient_database: None, wechat_api: APIClient, tea: Product
) -> None:
    numbers = [started(wechat_api, tea)[0] for _ in range(5)]
    expire_all()
    together = threading.Barrier(9)

    @alone
    def work(number: str | None) -> int:
        together.wait()
        if number:
            status: int = cancel(wechat_api, number).status_code
            return status
        orders_expire()
        return 0

    with ThreadPoolExecutor(9) as pool:
        statuses = set(pool.map(work, [*numbers, None, None, None, None]))
    # A cancel comes before the sweeps or after them.
    assert statuses <= {0, 200, 409}
    expire_all()
    orders_expire()
    assert set(Order.objects.values_list("status", flat=True)) == {"cancelled"}
    assert Sku.objects.get().stock == 10
    assert OrderEvent.objects.filter(to_status="cancelled").count() == 5


def test_command_runs_the_sweep(
    shopper_api: APIClient, tea: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    placed(shopper_api, line(tea))
    expire_all()
    call_command("orders_expire")
    assert capsys.readouterr().out == "cancelled 1, paid 0, waiting 0\n"
