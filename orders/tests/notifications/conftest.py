"""A payment of which WeChat tells, and nobody who may be called."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment
from orders.tests.conftest import attempt_made, line, placed
from orders.tests.notifying import notify, wechat_world

from .believing import Sent


@pytest.fixture(autouse=True)
def _nobody_is_called(settings: Any) -> Iterator[None]:
    """Stand where WeChat would be: no notification, whatever it is, leads there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        settings.WECHAT_PAY_BASE = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.fixture
def world() -> dict[str, str]:
    return wechat_world()


@pytest.fixture
def payment(shopper: User, shopper_api: APIClient, tea: Product) -> Payment:
    placed(shopper_api, line(tea))
    return attempt_made(Order.objects.get(), prepay_id="wx201")


@pytest.fixture
def facts(payment: Payment, world: dict[str, str]) -> dict[str, Any]:
    return {
        "appid": world["appid"],
        "mchid": world["mchid"],
        "out_trade_no": payment.out_trade_no,
        "transaction_id": "4200001234202611230000000001",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-23T12:00:00+08:00",
        "payer": {"openid": "openid-shopper"},
        "amount": {"total": 9900, "payer_total": 9900, "currency": "CNY"},
    }


@pytest.fixture
def send() -> Sent:
    """Return a sender of well-made notifications about any facts."""
    return notify
