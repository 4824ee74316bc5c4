"""What the tests of ended orders share: how one is begun, and ends."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment
from orders.services.closing import order_cancel_by_staff
from orders.tests.conftest import line, placed
from shop.devstack.simulator.process import SimulatorProcess


def cancel(api: APIClient, order_no: str, **body: Any) -> Any:
    return api.post(f"/api/orders/{order_no}/cancel", body, format="json")


def started(api: APIClient, product: Product, quantity: int = 1) -> tuple[str, str]:
    """Place an order and start to pay it; return both numbers."""
    order_no = placed(api, line(product, quantity))["orderNo"]
    assert api.post(f"/api/orders/{order_no}/pay").status_code == 200
    return order_no, Payment.objects.latest("pk").out_trade_no


def expire_all() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Order.objects.update(expires_at=past, due_at=past)


def trade_state(simulator: SimulatorProcess, out_trade_no: str) -> str:
    (state,) = (
        payment["tradeState"]
        for payment in simulator.state()["payments"]
        if payment["outTradeNo"] == out_trade_no
    )
    return str(state)


def staff_cancel(staff: User) -> Order:
    return order_cancel_by_staff(
        order_id=Order.objects.get().pk, operator_id=staff.pk, reason="缺货"
    )
