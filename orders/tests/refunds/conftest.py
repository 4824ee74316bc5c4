"""An order whose refunds are asked for, and one whose goods may come back."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Refund
from orders.tests.conftest import line, paid_order
from orders.tests.refunding import asked, pieces, ship

from .returning import agree


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """A paid order of three teas and two cups."""
    return paid_order(shopper_api, line(tea, 3), line(cup, 2))


@pytest.fixture
def sent_order(order: Order) -> Order:
    """The order of three teas and two cups, all of which have left."""
    ship(order)
    order.refresh_from_db()
    return order


@pytest.fixture
def agreed(shopper_api: APIClient, sent_order: Order, staff: User) -> Refund:
    """Two teas that staff want back."""
    refund = asked(
        shopper_api, sent_order, type="return", items=pieces(sent_order, 2, 0)
    )
    return agree(refund, staff)
