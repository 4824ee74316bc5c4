"""The one place that writes an order's status."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.errors import IllegalTransition
from orders.models import MessageKind, Order, OrderEvent, OrderStatus
from orders.models.order_states import TRANSITIONS
from orders.services.messages import message_enqueue
from orders.services.shipping_uploads import shipping_upload_enqueue
from shop.metrics import ORDERS


def order_move(
    *,
    order: Order,
    to: OrderStatus,
    operator_id: int | None,
    reason: str = "",
    **fields: Any,
) -> None:
    """Move an order on and write the event; `fields` are set in the same update.

    What WeChat and the shopper must hear of it is queued.

    Locks: the caller's transaction holds the order's lock. The update asks for the
    old status all the same, so a caller that forgot the lock moves nothing twice.

    Raises: IllegalTransition.
    """
    old = OrderStatus(order.status)
    if to not in TRANSITIONS[old]:
        raise IllegalTransition(status=old)
    values = {
        "status": to,
        "closing_at": None,
        "updated_at": timezone.now(),
        **fields,
    }
    if Order.objects.filter(pk=order.pk, status=old).update(**values) != 1:
        raise IllegalTransition(status=old)
    for name, value in values.items():
        setattr(order, name, value)
    OrderEvent.objects.create(
        order=order,
        from_status=old,
        to_status=to,
        operator_id=operator_id,
        reason=reason,
    )
    _told_queue(order, to)
    transaction.on_commit(ORDERS.labels(to.value).inc)


def _told_queue(order: Order, to: OrderStatus) -> None:
    if to == OrderStatus.PAID:
        message_enqueue(kind=MessageKind.PAID, order=order)
    elif to == OrderStatus.SHIPPED:
        shipping_upload_enqueue(order=order)
        message_enqueue(kind=MessageKind.SHIPPED, order=order)
