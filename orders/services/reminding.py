"""A shopper reminds the shop to send what is paid."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from orders.errors import IllegalTransition, RemindedAlready
from orders.locks import own_order_lock
from orders.models import Order, OrderStatus

REMIND_EVERY = timedelta(hours=24)


@transaction.atomic(durable=True)
def order_remind(*, order_no: str, user_id: int) -> Order:
    """Show staff that the shopper of a paid order waits for it, once a day.

    Locks: the order.
    Raises: OrderNotFound, IllegalTransition, RemindedAlready.
    """
    order, now = own_order_lock(order_no, user_id), timezone.now()
    if order.status != OrderStatus.PAID or order.is_closing:
        raise IllegalTransition("只有待发货的订单可以提醒发货", status=order.status)
    last = order.reminded_at
    if last and now < last + REMIND_EVERY:
        told = timezone.localtime(last).isoformat(timespec="seconds")
        raise RemindedAlready(remindedAt=told)
    order.reminded_at = now
    order.save(update_fields=["reminded_at", "updated_at"])
    return order
