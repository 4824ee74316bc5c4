"""The cart: a line for each SKU that a shopper means to buy."""

from orders.services.cart.buying_again import (
    CART_FULL,
    BoughtAgain,
    Missing,
    cart_buy_again,
)
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
    "CART_FULL",
    "BoughtAgain",
    "Cart",
    "CartLine",
    "LineState",
    "Missing",
    "cart_add",
    "cart_buy_again",
    "cart_change",
    "cart_clear_gone",
    "cart_clear_selected",
    "cart_count",
    "cart_read",
    "cart_remove",
    "cart_select",
]
