"""The pages of the actions, and what the tests of them share."""

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

from orders.models import Order, OrderPriceChange, Refund, Shipment, ShipmentItem
from orders.tests.conftest import ORDERS, page, written

ACTIONS = ("ship", "correct", "refund", "reprice", "readdress", "cancel")
OFFERED = {
    "pending": {"reprice", "readdress", "cancel"},
    "closing": set(),
    "paid": {"ship", "readdress", "refund"},
    "partly": {"ship", "correct", "refund"},
    "refunding": set(),
    "shipped": {"correct", "refund"},
    "completed": {"refund"},
    "cancelled": set(),
}


def url(order: Order, name: str) -> str:
    return f"{ORDERS}{order.pk}/{name}/"


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def refusals(response: Any) -> list[str]:
    """List what the page of an action says of the form that was sent."""
    assert response.status_code == 200
    errors = response.context["form"].errors.values()
    return [text for texts in errors for text in texts]


def offered(client: Client, order: Order) -> set[str]:
    text = page(client, url(order, "change"))
    return {name for name in ACTIONS if f'href="{url(order, name)}"' in text}


def books() -> tuple[Any, ...]:
    """Read all that the actions write."""
    orders = Order.objects.order_by("pk").values("status", "closing_at", "total_amount")
    return (
        *(written(), list(orders), list(Shipment.objects.order_by("pk").values())),
        *(ShipmentItem.objects.count(), OrderPriceChange.objects.count()),
        list(Refund.objects.order_by("pk").values()),
    )


def fields(order: Order, **changed: str) -> dict[str, str]:
    """Return a good form of every action at once."""
    amounts = {"freight_amount": "8.00", "discount_amount": "1.00"}
    amounts |= {"seen_amount": "0.00", "seen_parcels": "0"}
    seen = {"seen_freight_amount": "0.00", "seen_discount_amount": "0.00"}
    return {
        "carrier": "SF",
        "tracking_no": "SF1234",
        "reason": "缺货",
        **{f"quantity_{item.pk}": "1" for item in order.items.all()},
        **amounts,
        **seen,
        **changed,
    }
