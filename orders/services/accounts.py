"""What spans account and orders: deletion and export."""

from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import user_erase, user_export
from orders.errors import OrdersOpen
from orders.models import Order, OrderStatus
from orders.serializers import OrderSerializer

_UNFINISHED = (OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.SHIPPED)
_PERSONAL = ("name", "phone", "province", "city", "district", "detail", "remark")


@transaction.atomic(durable=True)
def account_delete(*, user_id: int) -> None:
    """Erase a shopper; the orders stay, without whom they were for.

    Locks: the user's row, exclusively: an order that is being placed at this moment is
    either seen here or finds the shopper gone.
    Raises: OrdersOpen.
    """
    User.objects.select_for_update().get(pk=user_id)
    orders = Order.objects.filter(user_id=user_id)
    if orders.filter(status__in=_UNFINISHED).exists():
        raise OrdersOpen
    orders.update(**dict.fromkeys(_PERSONAL, ""))
    user_erase(user_id=user_id)


def account_export(*, user: User) -> dict[str, Any]:
    """Return everything that is kept about a shopper, hidden orders included."""
    orders = Order.objects.filter(user=user).order_by("-pk").for_display()
    return {
        **user_export(user=user),
        "orders": OrderSerializer(orders, many=True).data,
    }
