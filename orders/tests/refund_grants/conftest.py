"""An order, and the second of two people."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order
from orders.tests.conftest import line
from orders.tests.refunding import priced_order


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """Three teas at 99.00, a cup at 25.50 and 12.00 of freight: 334.50."""
    lines = (line(tea, 3), line(cup))
    return priced_order(shopper_api, *lines, freight="12.00", discount="0.00")


@pytest.fixture
def second(db: None) -> User:
    """Staff who may answer refunds, and give money back."""
    user = User.objects.create_user("second", "a-long-password-9")
    codenames = ["answer_refund", "refund_order"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def two_people(settings: Any) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = Decimal("100.00")
