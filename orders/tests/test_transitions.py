"""The one place that writes an order's status, called by one who knows too little."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.errors import IllegalTransition
from orders.models import Order, OrderEvent, OrderStatus
from orders.services.transitions import order_move
from orders.tests.conftest import line, placed


def test_order_that_has_moved_on_meanwhile_is_not_moved_again(
    shopper_api: APIClient, tea: Product
) -> None:
    """As if the caller had read the order before it had its lock."""
    placed(shopper_api, line(tea))
    stale = Order.objects.get()
    Order.objects.update(status="cancelled")
    with pytest.raises(IllegalTransition):
        order_move(order=stale, to=OrderStatus.PAID, operator_id=None)
    assert Order.objects.get().status == "cancelled"
    assert list(OrderEvent.objects.values_list("to_status", flat=True)) == ["pending"]
