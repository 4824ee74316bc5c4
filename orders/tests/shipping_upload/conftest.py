"""A paid order, and a WeChat that says what the simulator never would."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order
from orders.tests.conftest import line, paid_order
from shop.wechat.tests.conftest import wechat  # noqa: F401


@pytest.fixture
def paid(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """A paid order of 3 packets of tea and 2 cups."""
    return paid_order(shopper_api, line(tea, 3), line(cup, 2))
