"""A completed order of two lines, and a WeChat that says what it is told to."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order
from orders.tests.conftest import line
from orders.tests.refunding import completed_order
from shop.wechat.tests.conftest import wechat  # noqa: F401


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    return completed_order(shopper_api, line(tea, 2), line(cup))
