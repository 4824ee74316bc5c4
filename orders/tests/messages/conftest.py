"""Templates, a paid order, and a WeChat that says what the simulator never would."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order
from orders.tests.conftest import line, paid_order
from shop.wechat.templates import template_read
from shop.wechat.tests.conftest import wechat  # noqa: F401

TEMPLATES = {
    "paid": "PAID order_no=character_string1 amount=amount2 goods=thing3 time=time4",
    "shipped": "SHIPPED order_no=character_string1 carrier=thing2 "
    "tracking_no=character_string3 status=phrase4 time=date5",
    "refunded": "REFUNDED refund_no=character_string1 amount=amount2 status=phrase3",
}


@pytest.fixture(autouse=True)
def _templates(settings: Any) -> None:
    settings.WECHAT_TEMPLATES = {
        event: template_read(event, text) for event, text in TEMPLATES.items()
    }
    settings.WECHAT_MESSAGE_PAGE = "pages/order?orderNo={order_no}"


@pytest.fixture
def paid(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    return paid_order(shopper_api, line(tea, 3), line(cup, 2))
