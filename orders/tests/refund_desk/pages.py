"""The pages of the desk, and what the tests of it share."""

from typing import Any

from django.test import Client

from accounts.models import Upload
from catalog.models import Product
from orders.models import Order, Payment, Refund, RefundEvent
from orders.services.refunds import (
    refund_request,
)
from orders.tests.conftest import page

REFUNDS = "/admin/orders/refund/"
PICTURE = f"uploads/202601/{'0' * 32}.jpg"
ACTIONS = (
    *("agree_return", "receive"),
    *("approve", "confirm", "reject", "send_back"),
    *("retry", "query", "by_hand"),
)
OFFERED = {
    "requested": {"approve", "reject"},
    "to_return": {"receive", "reject"},
    "returning": {"receive", "reject"},
    "approved": {"query"},
    "processing": {"query"},
    "succeeded": set(),
    "failed": {"retry", "query", "by_hand"},
    "rejected": set(),
    "withdrawn": set(),
}


def url(refund: Refund, name: str) -> str:
    return f"{REFUNDS}{refund.pk}/{name}/"


def found(client: Client, **query: Any) -> list[int]:
    changelist = client.get(REFUNDS, query).context["cl"]
    return [row.pk for row in changelist.result_list]


def offered(client: Client, refund: Refund) -> set[str]:
    text = page(client, url(refund, "change"))
    return {name for name in ACTIONS if f'href="{url(refund, name)}"' in text}


def books() -> tuple[Any, ...]:
    """Read all that an answer writes."""
    return (
        list(Refund.objects.order_by("pk").values()),
        list(RefundEvent.objects.order_by("pk").values()),
        list(Order.objects.order_by("pk").values()),
        list(Payment.objects.order_by("pk").values()),
        list(Product.objects.order_by("pk").values("sales")),
    )


def request(
    order: Order,
    quantities: dict[int, int] | None = None,
    *,
    is_return: bool = False,
) -> Refund:
    Upload.objects.get_or_create(file=PICTURE, user_id=order.user_id)
    return refund_request(
        order_no=order.order_no,
        user_id=order.user_id,
        reason="杯子碎了",
        quantities=quantities,
        images=[PICTURE],
        is_return=is_return,
    )


def sales(product: Product) -> int:
    return Product.objects.get(pk=product.pk).sales
