"""Where an order is, in the words of staff: a little more than its status."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from orders.models import Order, OrderStatus, Shipment


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, the colour of its label, and which orders are in it."""

    word: str
    colour: str
    where: Q


HAS_PARCELS = Exists(Shipment.objects.filter(order=OuterRef("pk")))
_TO_SHIP = Q(status=OrderStatus.PAID, closing_at=None)
# Closing and refunding are no statuses: the order is pending, or paid, until WeChat has
# answered.
STAGES: Mapping[str, Stage] = {
    "pending": Stage(
        OrderStatus.PENDING.label,
        "warning",
        Q(status=OrderStatus.PENDING, closing_at=None),
    ),
    "closing": Stage(
        "关闭中", "danger", Q(status=OrderStatus.PENDING, closing_at__isnull=False)
    ),
    # In whole or in part: those of the next stage are among them.
    "to_ship": Stage(OrderStatus.PAID.label, "info", _TO_SHIP),
    "partly": Stage("部分发货", "info", _TO_SHIP & Q(HAS_PARCELS)),
    "refunding": Stage(
        "退款中", "info", Q(status=OrderStatus.PAID, closing_at__isnull=False)
    ),
    "shipped": Stage(
        OrderStatus.SHIPPED.label, "primary", Q(status=OrderStatus.SHIPPED)
    ),
    "completed": Stage(
        OrderStatus.COMPLETED.label, "success", Q(status=OrderStatus.COMPLETED)
    ),
    "cancelled": Stage(
        OrderStatus.CANCELLED.label, "default", Q(status=OrderStatus.CANCELLED)
    ),
}


def stage_of(order: Order) -> str:
    """Return the stage of an order that comes with `has_parcels`."""
    if order.is_closing:
        return "refunding" if order.status == OrderStatus.PAID else "closing"
    if order.status == OrderStatus.PAID:
        has_parcels = order.has_parcels  # type: ignore[attr-defined]
        return "partly" if has_parcels else "to_ship"
    return order.status
