"""Every row lock of the orders; an order comes before its payments and its SKUs."""

from orders.models import Order, Payment


def order_lock(order_id: int) -> Order:
    """Lock an order until the transaction ends.

    Raises: Order.DoesNotExist.
    """
    rows = Order.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=order_id)


def own_order_lock(order_no: str, user_id: int) -> Order | None:
    """Lock an order that its owner may see; None when there is none."""
    rows = Order.objects.of(user_id).select_for_update(of=("self",), no_key=True)
    return rows.filter(order_no=order_no).first()


def open_payment_lock(order: Order) -> Payment | None:
    """Lock the open attempt of an order whose lock the caller holds."""
    rows = Payment.objects.open().select_for_update(of=("self",), no_key=True)
    return rows.filter(order=order).first()
