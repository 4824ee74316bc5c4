"""Orders for the actions."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order
from orders.tests.conftest import line, paid_order, placed
from shop.devstack.simulator.process import SimulatorProcess


@pytest.fixture
def unpaid(shopper_api: APIClient, tea: Product) -> Order:
    return Order.objects.get(order_no=placed(shopper_api, line(tea))["orderNo"])


@pytest.fixture
def paid(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    return paid_order(shopper_api, line(tea, 3), line(cup))


@pytest.fixture
def started(wechat_api: APIClient, simulator: SimulatorProcess, tea: Product) -> Order:
    """An unpaid order that its shopper has begun to pay."""
    order_no = placed(wechat_api, line(tea))["orderNo"]
    assert wechat_api.post(f"/api/orders/{order_no}/pay").status_code == 200
    return Order.objects.get(order_no=order_no)
