"""How the list of orders is searched: one index is enough for whatever is typed."""

import re

from catalog.admin.desk import products_holding
from orders.models import Order, OrderItem
from orders.models.order import OrderQuerySet

# Phones begin with 1 or a plus, and numbers with the year, 26 and later.
_PHONE = re.compile(r"1[0-9-]{0,19}|\+[0-9-]{1,19}")
_ORDER_NO = re.compile(r"[0-9][0-9A-Za-z]*")


def having_word(
    orders: OrderQuerySet, word: str, *, sees_people: bool
) -> OrderQuerySet:
    """Keep what staff look for; what the word looks like decides where.

    By how a number, a phone or the receiver's name begins, or by the products that
    hold the word. By phone and name only for who may read them: what is behind the
    stars is soon tried.
    """
    if _PHONE.fullmatch(word):
        found = orders.filter(phone__startswith=word)
        return found if sees_people else orders.none()
    if _ORDER_NO.fullmatch(word):
        return orders.filter(order_no__startswith=word.upper())
    products = product_ids(word)
    lines = OrderItem.objects.filter(product__in=products).values("order")
    if not sees_people:
        return orders.filter(pk__in=lines)
    if not products:
        return orders.filter(name__startswith=word)
    names = Order.objects.filter(name__startswith=word)
    if not names.exists():
        return orders.filter(pk__in=lines)
    # One list of ids: beside an OR of the two, every order would be read.
    return orders.filter(pk__in=names.values("pk").union(lines))


def product_ids(word: str) -> list[int]:
    """Return the products that hold a word, as numbers.

    Of a subquery the planner would not know how many orders have them.
    """
    return [*products_holding(word).values_list("product", flat=True)]
