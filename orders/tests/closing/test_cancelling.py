"""A shopper cancels: query, close at WeChat, only then release."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, StockMovement
from conftest import alone
from orders.models import Order, OrderEvent, Payment
from orders.services.closing import Sweep, orders_expire
from orders.services.fulfilment import order_ship
from orders.tests.closing.ending import cancel, expire_all, started, trade_state
from orders.tests.conftest import line, placed, stock_of
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


def test_cancel_without_an_attempt_is_immediate(
    shopper_api: APIClient, shopper: User, tea: Product, settings: Any
) -> None:
    # Nothing listens there: WeChat need not be asked.
    settings.WECHAT_PAY_BASE = "http://127.0.0.1:9"
    order_no = placed(shopper_api, line(tea, 4))["orderNo"]
    response = cancel(shopper_api, order_no, reason="<b>不想要了</b>")
    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["status"], data["closing"], data["actions"]) == (
        "cancelled",
        False,
        ["delete"],
    )
    assert data["cancelledAt"] is not None
    assert stock_of(tea) == 10
    event = OrderEvent.objects.latest("pk")
    assert (event.to_status, event.operator_id, event.reason) == (
        "cancelled",
        shopper.pk,
        "不想要了",
    )
    movement = StockMovement.objects.latest("pk")
    assert (movement.delta, movement.balance, movement.reason) == (
        4,
        10,
        "order_cancelled",
    )


def test_cancel_closes_the_attempt_at_wechat(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    assert cancel(wechat_api, order_no).json()["data"]["status"] == "cancelled"
    assert trade_state(simulator, out_trade_no) == "CLOSED"
    assert Payment.objects.get().state == "closed"
    assert stock_of(tea) == 10


def test_cancel_that_a_payment_overtakes_is_refused(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    """WeChat is too slow for the cancel's question, and tells of the payment itself."""
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault("query", "slow", 1, seconds=30)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(alone(cancel), wechat_api, order_no)
        while not Order.objects.get().is_closing:
            assert not answer.done()
        simulator.pay(out_trade_no)
        assert Order.objects.get().status == "paid"
        response = answer.result()
    assert response.status_code == 409
    assert response.json() == {
        "code": 409,
        "message": "订单无法取消",
        "data": {"error": "illegal_transition", "status": "paid"},
    }


def test_second_cancel_is_refused_and_gives_nothing_back(
    shopper_api: APIClient, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    cancel(shopper_api, order_no)
    response = cancel(shopper_api, order_no)
    assert response.status_code == 409
    assert response.json() == {
        "code": 409,
        "message": "订单无法取消",
        "data": {"error": "illegal_transition", "status": "cancelled"},
    }
    assert stock_of(tea) == 10


@pytest.mark.parametrize("status", ["shipped", "completed"])
def test_what_has_shipped_cannot_be_cancelled(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    shop_server: Any,
    tea: Product,
    status: str,
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.pay(out_trade_no)
    call = {"carrier": "SF", "tracking_no": "SF1", "operator_id": None}
    order_ship(order_id=Order.objects.get().pk, **call)
    if status == "completed":
        wechat_api.post(f"/api/orders/{order_no}/confirm")
    data = wechat_api.get(f"/api/orders/{order_no}").json()["data"]
    assert data["status"] == status
    assert "cancel" not in data["actions"]
    response = cancel(wechat_api, order_no)
    assert response.status_code == 409
    assert response.json()["data"]["status"] == status
    assert stock_of(tea) == 9


def test_cancel_finds_a_payment_whose_notification_was_lost(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault("notify", "never", 1)
    simulator.pay(out_trade_no)
    response = cancel(wechat_api, order_no)
    assert response.status_code == 409
    assert response.json()["data"] == {"error": "illegal_transition", "status": "paid"}
    assert Order.objects.get().status == "paid"
    assert Product.objects.get().sales == 1
    assert stock_of(tea) == 9


@pytest.mark.parametrize("route", ["query", "close"])
@pytest.mark.parametrize("kind", ["reset", "500", "html", "half_json"])
def test_cancel_waits_while_wechat_cannot_be_asked(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    tea: Product,
    route: str,
    kind: str,
) -> None:
    if (route, kind) == ("close", "half_json"):
        # A close has no body to halve: this is the close whose answer is dropped.
        kind = "drop_reply"
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault(route, kind, 1)
    response = cancel(wechat_api, order_no)
    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["status"], data["closing"], data["actions"]) == ("pending", True, [])
    assert stock_of(tea) == 9

    again = cancel(wechat_api, order_no)
    assert again.status_code == 409
    assert again.json()["data"] == {"error": "illegal_transition", "status": "pending"}
    assert wechat_api.post(f"/api/orders/{order_no}/pay").status_code == 409

    expire_all()
    assert orders_expire() == Sweep(cancelled=1)
    assert trade_state(simulator, out_trade_no) == "CLOSED"
    assert stock_of(tea) == 10
    event = OrderEvent.objects.latest("pk")
    assert (event.reason, event.operator_id) == (
        "买家取消",
        Order.objects.get().user_id,
    )


def test_payment_that_arrives_while_closing_is_taken(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault("query", "500", 1)
    assert cancel(wechat_api, order_no).json()["data"]["closing"] is True
    simulator.pay(out_trade_no)
    data = wechat_api.get(f"/api/orders/{order_no}").json()["data"]
    assert (data["status"], data["closing"]) == ("paid", False)
    expire_all()
    assert orders_expire() == Sweep()
    assert stock_of(tea) == 9


def test_a_strangers_order_cannot_be_cancelled(
    shopper_api: APIClient, other_api: APIClient, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    assert cancel(other_api, order_no).status_code == 404
    assert Order.objects.get().status == "pending"
