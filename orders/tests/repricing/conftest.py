"""An order whose price is changed."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order
from orders.tests.conftest import line, placed


@pytest.fixture
def order(wechat_api: APIClient, tea: Product) -> Order:
    """An unpaid order of 99.00, whose shopper WeChat knows."""
    return Order.objects.get(order_no=placed(wechat_api, line(tea))["orderNo"])
