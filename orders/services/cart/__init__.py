"""The cart: a line for each SKU that a shopper means to buy."""

from orders.services.cart.changing import (
    cart_add,
    cart_change,
    cart_clear_gone,
    cart_clear_selected,
    cart_remove,
    cart_select,
)
from orders.services.cart.reading import (
    Cart,
    CartLine,
    LineState,
    cart_count,
    cart_read,
)

__all__ = [
    "Cart",
    "CartLine",
    "LineState",
    "cart_add",
    "cart_change",
    "cart_clear_gone",
    "cart_clear_selected",
    "cart_count",
    "cart_read",
    "cart_remove",
    "cart_select",
]
