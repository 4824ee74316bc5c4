"""An order's goods once more, into the cart."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.locks import user_lock
from catalog.models import Sku
from catalog.offers import skus_offered
from orders.errors import OrderNotFound
from orders.locks import cart_lock
from orders.models import CartItem, Order, OrderItem
from orders.models.cart_item import CART_LINES_MAX
from orders.services.cart.reading import LineState, line_state

CART_FULL = "cart_full"
# In these states nothing of a line can be bought.
_NOTHING_LEFT = {LineState.SOLD_OUT, LineState.OFF_SALE, LineState.GONE}


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
    skus = skus_offered(sku_ids=[wish.sku_id for wish in wishes])
    reasons = _reasons(wishes, skus, items)
    added = [
        _raised(
            items.get(wish.sku_id)
            or CartItem(user_id=user_id, sku_id=wish.sku_id, quantity=0),
            wish.quantity,
            skus[wish.sku_id],
        )
        for wish in wishes
        if reasons[wish.sku_id] in (LineState.OK, LineState.SHORT)
    ]
    _write(added)
    missing = [Missing(wish, reasons[wish.sku_id]) for wish in wishes]
    return BoughtAgain(added, [one for one in missing if one.reason != LineState.OK])


def _reasons(
    wishes: Sequence[OrderItem], skus: dict[int, Sku], items: dict[int, CartItem]
) -> dict[int, str]:
    """Return by SKU why a line can't be bought again, or `ok`."""
    reasons: dict[int, str] = {
        wish.sku_id: line_state(skus[wish.sku_id], wish.quantity) for wish in wishes
    }
    new = [
        sku_id
        for sku_id, reason in reasons.items()
        if sku_id not in items and reason not in _NOTHING_LEFT
    ]
    room = CART_LINES_MAX - len(items)
    return reasons | dict.fromkeys(new[room:], CART_FULL)


def _raised(item: CartItem, quantity: int, sku: Sku) -> CartItem:
    """Give a line at least so many pieces, or those that are left."""
    item.quantity = max(item.quantity, min(quantity, sku.stock))
    item.price_added = sku.price
    item.is_selected = True
    return item


def _write(items: Sequence[CartItem]) -> None:
    """Write new lines, the first of them as the newest, and those that were there."""
    new = [item for item in items if item.pk is None]
    present = [item for item in items if item.pk is not None]
    CartItem.objects.bulk_create(new[::-1])
    CartItem.objects.bulk_update(present, ["quantity", "price_added", "is_selected"])
