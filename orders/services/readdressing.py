"""A new address for an order of which nothing has left."""

from dataclasses import asdict

from django.db import transaction
from django.utils.crypto import salted_hmac

from orders.errors import AddressChanged, IllegalTransition
from orders.locks import order_lock
from orders.models import Order, OrderAddressChange, OrderStatus
from orders.services.placing import Destination
from shop.errors import Invalid


def destination_of_order(order: Order) -> Destination:
    """Return where an order goes."""
    return Destination(
        **{name: getattr(order, name) for name in Destination.__dataclass_fields__}
    )


def destination_seal(order: Order) -> str:
    """Name the address of an order for a page to carry.

    Keyed, so that it tells nothing to those who see the address masked.
    """
    text = "\n".join(asdict(destination_of_order(order)).values())
    return salted_hmac("orders.destination", text).hexdigest()


@transaction.atomic(durable=True)
def order_address_change(
    *, order_id: int, seen: str, new: Destination, operator_id: int, reason: str
) -> Order:
    """Send an order, of which nothing has left, to somewhere else.

    `seen` is the `destination_seal` of what the operator decided on: a twin's new
    address is not overwritten. The fields of `new` are clean already.

    Locks: the order, so that no parcel leaves at the same moment.
    Raises: IllegalTransition, AddressChanged, Invalid.
    """
    order = order_lock(order_id)
    _require_not_left(order)
    if seen != destination_seal(order):
        raise AddressChanged
    old = destination_of_order(order)
    if new == old:
        raise Invalid.field("detail", "收货地址没有变化")
    for name, value in asdict(new).items():
        setattr(order, name, value)
    order.save(update_fields=[*asdict(new), "updated_at"])
    OrderAddressChange.objects.create(
        order=order,
        old=asdict(old),
        new=asdict(new),
        operator_id=operator_id,
        reason=reason,
    )
    return order


def _require_not_left(order: Order) -> None:
    """Raises: IllegalTransition."""
    if order.is_closing or order.status not in (OrderStatus.PENDING, OrderStatus.PAID):
        state = "关闭中" if order.is_closing else order.get_status_display()
        raise IllegalTransition(f"订单{state},不能改地址", status=order.status)
    if order.shipments.exists():
        raise IllegalTransition("部分商品已发货,不能改地址", status=order.status)
