"""A payment of which WeChat tells."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order, Payment
from orders.tests.conftest import attempt_made, line, placed


@pytest.fixture
def payment(shopper_api: APIClient, tea: Product) -> Payment:
    """Begin to pay an order, without asking WeChat."""
    placed(shopper_api, line(tea))
    return attempt_made(Order.objects.get())
