"""The walk through every route."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from catalog.models import Product
from orders.services.payments import payment_settle
from orders.tests.conftest import payment_facts
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.every_route import Shop, every_route, tea_make
from shop.tests.long.matrices.walking import Sent, Walk
from shop.tests.routes import CONTRACT


@pytest.fixture
def walk(
    simulator: SimulatorProcess,
    staff: User,
    product_make: Callable[..., Product],
    picture: bytes,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Callable[[Sent], None]], None]:
    """Return what walks through every route of the contract, none left out."""
    settings.RATELIMIT_ENABLE = False
    # A handler closes what a request left in a transaction, and what has grown old;
    # this one is the test's.
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    connection.close_at = None
    shop = Shop(
        staff=staff,
        tea=tea_make(product_make),
        picture=picture,
        pay=lambda payment: payment_settle(facts=payment_facts(payment)),
    )

    def whole(first: Callable[[Sent], None]) -> None:
        call = Walk(first)
        every_route(call, shop)
        assert call.seen == set(CONTRACT)

    return whole
