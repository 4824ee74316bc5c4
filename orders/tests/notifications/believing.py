"""What the tests of notifications share: how one is sent, and refused."""

from collections.abc import Callable
from typing import Any

from catalog.models import Product
from orders.models import Order, OrderEvent, Payment

Sent = Callable[..., Any]


def untouched() -> bool:
    return (
        Order.objects.get().status == "pending"
        and Payment.objects.get().state == "open"
        and OrderEvent.objects.count() == 1
        and Product.objects.get().sales == 0
    )


def assert_fail(response: Any, status: int = 400) -> None:
    """The answer is WeChat's failure, outside of the envelope."""
    assert response.status_code == status
    assert response.json().keys() == {"code", "message"}
    assert response.json()["code"] == "FAIL"
    assert untouched()
