"""How the list of orders is searched: one index is enough for whatever is typed."""

import re

from catalog.admin.desk import products_holding
from orders.models import Order, OrderItem
from orders.models.order import OrderQuerySet

# Phones begin with 1 or a plus, and numbers with the year, 26 and later.
_PHONE = re.compile(r"1[0-9-]{0,19}|\+[0-9-]{1,19}")
_ORDER_NO = re.compile(r"[0-9][0-9A-Za-z]*")


def having_word(
    orders: OrderQuerySet, word: str, *, is_masked: bool = False
) -> OrderQuerySet:
    """Keep what staff look for; what the word looks like decides where.

    By how a number, a phone or the receiver's name begins, or by the products that
    hold the word. For who sees receivers masked, a phone and a name are found only
    whole: beginnings would tell them letter by letter.
    """
    if _PHONE.fullmatch(word):
        return with_phone(orders, word, is_masked=is_masked)
    if _ORDER_NO.fullmatch(word):
        return orders.filter(order_no__startswith=word.upper())
    name = {f"name__{_how(is_masked)}": word}
    products = product_ids(word)
    if not products:
        return orders.filter(**name)
    lines = OrderItem.objects.filter(product__in=products).values("order")
    names = Order.objects.filter(**name)
    if not names.exists():
        return orders.filter(pk__in=lines)
    # One list of ids: beside an OR of the two, every order would be read.
    return orders.filter(pk__in=names.values("pk").union(lines))


def with_phone(
    orders: OrderQuerySet, phone: str, *, is_masked: bool = False
) -> OrderQuerySet:
    """Keep what goes to a phone; the whole of it, when receivers are masked."""
    return orders.filter(**{f"phone__{_how(is_masked)}": phone})


def product_ids(word: str) -> list[int]:
    """Return the products that hold a word, as numbers.

    Of a subquery the planner would not know how many orders have them.
    """
    return [*products_holding(word).values_list("product", flat=True)]


def _how(is_masked: bool) -> str:
    return "exact" if is_masked else "startswith"
