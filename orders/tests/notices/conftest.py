"""A payment of which WeChat tells."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order, Payment
from orders.tests.conftest import line, placed


@pytest.fixture
def payment(shopper_api: APIClient, tea: Product) -> Payment:
    """Begin to pay an order, without asking WeChat."""
    placed(shopper_api, line(tea))
    order = Order.objects.get()
    return Payment.objects.create(
        order=order,
        out_trade_no=f"{order.order_no}P001",
        amount=order.total_amount,
        expires_at=order.expires_at,
    )
