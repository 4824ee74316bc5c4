"""Refunds for the desk."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Refund, RefundState
from orders.services.fulfilment import order_ship
from orders.tests.conftest import line, paid_order
from orders.tests.refund_desk.pages import request


@pytest.fixture
def in_state(shopper_api: APIClient, tea: Product) -> Callable[[str], Refund]:
    """Return what makes a refund in a state."""

    def make(state: str) -> Refund:
        refund = request(paid_order(shopper_api, line(tea)))
        row = Refund.objects.filter(pk=refund.pk)
        now = timezone.now()
        is_return = state in (RefundState.TO_RETURN, RefundState.RETURNING)
        row.update(state=state, accepted_at=now, is_return=is_return, return_before=now)
        return Refund.objects.get(pk=refund.pk)

    return make


@pytest.fixture
def in_each_state(in_state: Callable[[str], Refund]) -> dict[str, Refund]:
    """A refund in each state, oldest first."""
    return {state.value: in_state(state) for state in RefundState}


@pytest.fixture
def requested(shopper_api: APIClient, tea: Product, cup: Product) -> Refund:
    """Two of three teas, of which one has left, and the cup, which has too."""
    order = paid_order(shopper_api, line(tea, 3), line(cup))
    of_tea, of_cup = order.items.values_list("pk", flat=True)
    order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no="SF1",
        operator_id=None,
        quantities={of_tea: 1, of_cup: 1},
    )
    return request(order, {of_tea: 2, of_cup: 1})
