"""An order's goods once more, into the cart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.locks import user_lock
from orders.errors import OrderNotFound
from orders.locks import cart_lock
from orders.models import CartItem, Order, OrderItem
from orders.models.cart_item import CART_LINES_MAX
from orders.services.cart.reading import CartLine, LineState, lines_read

CART_FULL = "cart_full"
# In these states something of a line can be bought.
_BUYABLE = (LineState.OK, LineState.SHORT)


@dataclass(frozen=True, slots=True)
class Missing:
    """A line of the order that is not in the cart, or not with all its pieces."""

    item: OrderItem
    # A LineState, or CART_FULL.
    reason: str


@dataclass(frozen=True, slots=True)
class BoughtAgain:
    """What became of the lines of an order, in its sequence."""

    added: Sequence[CartItem]
    missing: Sequence[Missing]


@transaction.atomic
def cart_buy_again(*, user_id: int, order_no: str) -> BoughtAgain:
    """Put what can still be bought of a shopper's own order into the cart; select it.

    A line of the cart grows to the pieces of the order, or to those that are left; one
    that has as many stays. So the same once more changes nothing.

    Locks: the user, the lines. Raises: OrderNotFound, UserNotFound.
    """
    order = Order.objects.of(user_id).filter(order_no=order_no).first()
    if order is None:
        raise OrderNotFound
    user_lock(user_id=user_id)
    items = {item.sku_id: item for item in cart_lock(user_id)}
    wishes = list(order.items.order_by("pk"))
    # Each as if there were nothing of it in the cart yet.
    wanted = [
        CartItem(user_id=user_id, sku_id=wish.sku_id, quantity=wish.quantity)
        for wish in wishes
    ]
    lines = lines_read(user_id=user_id, items=wanted)
    reasons = _reasons(lines, items)
    added = [
        _raised(items.get(line.sku.pk, line.item), line)
        for line, reason in zip(lines, reasons, strict=True)
        if reason in _BUYABLE
    ]
    _write(added)
    missing = [
        Missing(wish, reason)
        for wish, reason in zip(wishes, reasons, strict=True)
        if reason != LineState.OK
    ]
    return BoughtAgain(added, missing)


def _reasons(lines: Sequence[CartLine], items: Mapping[int, CartItem]) -> list[str]:
    """Return of each line why it can't be bought again, or `ok`."""
    room = CART_LINES_MAX - len(items)
    reasons: list[str] = []
    for line in lines:
        reason: str = line.state
        if line.sku.pk not in items and reason in _BUYABLE:
            reason = reason if room else CART_FULL
            room -= bool(room)
        reasons.append(reason)
    return reasons


def _raised(item: CartItem, line: CartLine) -> CartItem:
    """Give a line of the cart the pieces that are wanted, or those that are left."""
    left = min(line.item.quantity, line.stock)
    item.quantity = left if item is line.item else max(item.quantity, left)
    item.price_added = line.price
    item.is_selected = True
    item.updated_at = timezone.now()
    return item


def _write(items: Sequence[CartItem]) -> None:
    """Write new lines, the first of them as the newest, and those that were there."""
    new = [item for item in items if item.pk is None]
    present = [item for item in items if item.pk is not None]
    CartItem.objects.bulk_create(new[::-1])
    CartItem.objects.bulk_update(
        present, ["quantity", "price_added", "is_selected", "updated_at"]
    )
