"""An order whose refunds are asked for."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order
from orders.tests.conftest import line, paid_order


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """A paid order of three teas and two cups."""
    return paid_order(shopper_api, line(tea, 3), line(cup, 2))
