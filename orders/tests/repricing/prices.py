"""New prices, what is paid at them, and what WeChat knows of it."""

from decimal import Decimal
from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Order, OrderPriceChange
from orders.services.repricing import Price, order_reprice
from shop.devstack.simulator.process import SimulatorProcess

FREE = Price(Decimal("0.00"), Decimal("0.00"))


def reprice(
    order: Order, staff: User, freight: str, discount: str, seen: Price = FREE
) -> Order:
    return order_reprice(
        order_id=order.pk,
        seen=seen,
        new=Price(Decimal(freight), Decimal(discount)),
        operator_id=staff.pk,
        reason="老顾客",
    )


def pay(api: APIClient, order: Order) -> Any:
    return api.post(f"/api/orders/{order.order_no}/pay")


def prepay_id(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.json()["data"]["package"].removeprefix("prepay_id="))


def prices() -> list[tuple[Any, ...]]:
    """Read every order's amounts."""
    amounts = ("goods_amount", "freight_amount", "discount_amount", "total_amount")
    return list(Order.objects.order_by("pk").values_list(*amounts))


AS_PLACED = [(Decimal("99.00"), Decimal("0.00"), Decimal("0.00"), Decimal("99.00"))]


def assert_nothing_changed() -> None:
    assert prices() == AS_PLACED
    assert not OrderPriceChange.objects.exists()


def attempts(simulator: SimulatorProcess, order: Order) -> list[tuple[int, str]]:
    """List what WeChat knows of the order: fen and state of each attempt."""
    return [
        (payment["total"], payment["tradeState"])
        for payment in simulator.state()["payments"]
        if payment["outTradeNo"].startswith(order.order_no)
    ]
