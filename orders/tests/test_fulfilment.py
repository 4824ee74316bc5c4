"""Shipping, receipt by the shopper and receipt by time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.errors import IllegalTransition
from orders.models import Order, OrderEvent, Payment, Shipment
from orders.services.fulfilment import (
    order_confirm,
    order_ship,
    orders_confirm_due,
)
from orders.tests.conftest import line, placed
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def paid(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> Order:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/pay")
    simulator.pay(Payment.objects.get().out_trade_no)
    return Order.objects.get()


def ship(order: Order, staff: User | None = None) -> Shipment:
    return order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no="SF1234567890",
        operator_id=staff.pk if staff else None,
    )


def test_shipped_order_shows_its_parcel_and_can_be_confirmed(
    wechat_api: APIClient, paid: Order, staff: User
) -> None:
    ship(paid, staff)
    data = wechat_api.get(f"/api/orders/{paid.order_no}").json()["data"]
    assert (data["status"], data["actions"]) == ("shipped", ["confirm", "refund"])
    assert data["shipments"] == [
        {
            "carrier": "SF",
            "trackingNo": "SF1234567890",
            "shippedAt": data["shippedAt"],
            "items": [{"itemId": data["items"][0]["id"], "quantity": 1}],
        }
    ]
    event = OrderEvent.objects.latest("pk")
    assert (event.to_status, event.operator_id) == ("shipped", staff.pk)

    response = wechat_api.post(f"/api/orders/{paid.order_no}/confirm")
    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["status"], data["actions"]) == (
        "completed",
        ["refund", "review", "delete"],
    )
    assert data["completedAt"] is not None
    assert OrderEvent.objects.latest("pk").operator_id == paid.user_id


def test_only_a_paid_order_is_shipped_and_once(paid: Order) -> None:
    ship(paid)
    with pytest.raises(IllegalTransition):
        ship(paid)
    assert Shipment.objects.count() == 1


def test_unpaid_order_is_not_shipped(shopper_api: APIClient, tea: Product) -> None:
    placed(shopper_api, line(tea))
    with pytest.raises(IllegalTransition):
        ship(Order.objects.get())
    assert Shipment.objects.count() == 0


def test_only_a_shipped_order_is_confirmed(wechat_api: APIClient, paid: Order) -> None:
    url = f"/api/orders/{paid.order_no}/confirm"
    response = wechat_api.post(url)
    assert response.status_code == 409
    assert response.json()["data"] == {"error": "illegal_transition", "status": "paid"}
    ship(paid)
    assert wechat_api.post(url).status_code == 200
    assert wechat_api.post(url).status_code == 409
    assert OrderEvent.objects.filter(to_status="completed").count() == 1


def test_receipt_is_confirmed_by_itself_after_its_days(
    paid: Order, settings: Any
) -> None:
    ship(paid)
    shipped_at = Order.objects.get().shipped_at
    days = timedelta(days=settings.ORDER_CONFIRM_DAYS)
    assert orders_confirm_due(now=shipped_at + days - timedelta(seconds=1)) == 0
    assert Order.objects.get().status == "shipped"
    assert orders_confirm_due(now=shipped_at + days) == 1
    order = Order.objects.get()
    assert (order.status, order.events.last().reason) == (
        "completed",
        "系统自动确认收货",
    )


def test_shopper_and_clock_at_once_confirm_once(paid: Order) -> None:
    ship(paid)
    together = threading.Barrier(4)
    later = timezone.now() + timedelta(days=30)

    def confirm(by_clock: bool) -> None:
        try:
            together.wait()
            if by_clock:
                orders_confirm_due(now=later)
            else:
                order_confirm(order_no=paid.order_no, user_id=paid.user_id)
        except IllegalTransition:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(confirm, [True, True, False, False]))
    assert OrderEvent.objects.filter(to_status="completed").count() == 1
