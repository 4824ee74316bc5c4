"""From paid to completed: shipping, receipt, and putting an order out of sight."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from orders.errors import IllegalTransition
from orders.locks import order_lock, own_order_lock
from orders.models import Order, OrderStatus, Shipment
from orders.services.transitions import order_move

logger = logging.getLogger(__name__)

_BATCH_SIZE = 1000


@transaction.atomic
def order_ship(
    *, order_id: int, carrier: str, tracking_no: str, operator_id: int | None
) -> Shipment:
    """Book the parcel of a paid order.

    Locks: the order.
    Raises: IllegalTransition.
    """
    order = order_lock(order_id)
    now = timezone.now()
    order_move(
        order=order,
        to=OrderStatus.SHIPPED,
        operator_id=operator_id,
        reason=f"{carrier} {tracking_no}",
        shipped_at=now,
    )
    return Shipment.objects.create(
        order=order, carrier=carrier, tracking_no=tracking_no, shipped_at=now
    )


@transaction.atomic(durable=True)
def order_confirm(*, order_no: str, user_id: int) -> Order:
    """Complete a shipped order: the shopper has the goods.

    Locks: the order.
    Raises: OrderNotFound, IllegalTransition.
    """
    order = own_order_lock(order_no, user_id)
    _complete(order, operator_id=user_id, reason="买家确认收货")
    return order


def orders_confirm_due(*, now: datetime | None = None) -> int:
    """Complete what was shipped ORDER_CONFIRM_DAYS ago; return how many.

    At most a batch: the next run goes on. One order that can't be completed holds up
    no other.

    Locks: one order at a time.
    """
    days = timedelta(days=settings.ORDER_CONFIRM_DAYS)
    shipped = Order.objects.filter(
        status=OrderStatus.SHIPPED, shipped_at__lte=(now or timezone.now()) - days
    ).order_by("shipped_at")
    return sum(map(_confirm_one, shipped.values_list("pk", flat=True)[:_BATCH_SIZE]))


def _confirm_one(order_id: int) -> bool:
    try:
        with transaction.atomic(durable=True):
            order = order_lock(order_id)
            _complete(order, operator_id=None, reason="系统自动确认收货")
    except IllegalTransition:
        # The shopper confirmed at the same moment.
        return False
    except Exception:
        logger.exception("order %d stays unconfirmed", order_id)
        return False
    return True


def _complete(order: Order, *, operator_id: int | None, reason: str) -> None:
    order_move(
        order=order,
        to=OrderStatus.COMPLETED,
        operator_id=operator_id,
        reason=reason,
        completed_at=timezone.now(),
    )


@transaction.atomic(durable=True)
def order_hide(*, order_no: str, user_id: int) -> None:
    """Put an ended order out of the shopper's sight; the shop keeps it.

    Locks: the order.
    Raises: OrderNotFound, IllegalTransition.
    """
    order = own_order_lock(order_no, user_id)
    if not order.is_ended:
        raise IllegalTransition(status=order.status)
    order.hidden_at = timezone.now()
    order.save(update_fields=["hidden_at", "updated_at"])
