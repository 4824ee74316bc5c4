"""What the back office's search box finds among orders, payments and refunds.

Each by an index that knows a handful: whole numbers, and beginnings long enough.
"""

import re
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from orders.admin.stages import HAS_PARCELS, STAGES, stage_of
from orders.models import Order, Payment, Refund
from orders.numbers import refund_no_of
from shop.back_office.figures import money
from shop.back_office.masking import name_shown, shows_people
from shop.back_office.search import FOUND_MAX

# A number of ours begins with the year, and a phone's with 1: no word is both.
_PHONE = re.compile(r"1[3-9][0-9]{5,9}")
_PHONE_WHOLE = re.compile(r"1[3-9][0-9]{9}")
_ORDER_NO = re.compile(r"[2-9][0-9]{3}[0-9A-Z]{0,20}")
_REFUND_NO = re.compile(r"R[2-9][0-9]{3}[0-9A-Z]{0,28}")
# Our number of a payment, and WeChat's.
_PAYMENT_NO = re.compile(r"[0-9][0-9A-Z]{27,31}")


def orders_found(request: HttpRequest, word: str) -> list[SearchResult]:
    """Find orders by their number's beginning, the receiver's phone or name.

    By phone and name only for who may read them: what is behind the stars is soon
    tried, some thousand digits or names.
    """
    if not request.user.has_perm("orders.view_order"):
        return []
    found = _orders(word, shows_people(request))
    rows = found.annotate(has_parcels=HAS_PARCELS)[:FOUND_MAX]
    return [_order_shown(request, order) for order in rows]


def _orders(word: str, is_shown: bool) -> Any:
    if _ORDER_NO.fullmatch(number := word.upper()):
        # The number sorts by time, as its index does.
        return Order.objects.filter(order_no__startswith=number).order_by("-order_no")
    newest = Order.objects.order_by("-pk")
    if not is_shown:
        return newest.none()
    if _PHONE_WHOLE.fullmatch(word):
        return newest.filter(phone=word)
    if _PHONE.fullmatch(word):
        return newest.filter(phone__startswith=word)
    if word.isdigit():
        return newest.none()
    if len(word) > 1:
        return newest.filter(name__startswith=word)
    return newest.filter(name=word)


def _order_shown(request: HttpRequest, order: Order) -> SearchResult:
    name = name_shown(request, order.name)
    state = STAGES[stage_of(order)].word
    return _result(
        "orders_order", order, "receipt", "订单", state, money(order.total_amount), name
    )


def payments_found(request: HttpRequest, word: str) -> list[SearchResult]:
    """Find a payment by its whole number, ours or WeChat's."""
    number = word.upper()
    may = request.user.has_perm("orders.view_payment")
    if not (may and _PAYMENT_NO.fullmatch(number)):
        return []
    rows = Payment.objects.filter(Q(out_trade_no=number) | Q(transaction_id=number))
    return [
        _result(
            "orders_payment",
            payment,
            "payments",
            "支付",
            payment.get_state_display(),
            money(payment.amount),
        )
        for payment in rows[:FOUND_MAX]
    ]


def refunds_found(request: HttpRequest, word: str) -> list[SearchResult]:
    """Find refunds by their number's beginning, or by the number that WeChat has."""
    number = word.upper()
    may = request.user.has_perm("orders.view_refund")
    if not (may and _REFUND_NO.fullmatch(number)):
        return []
    ours = refund_no_of(number)
    rows = Refund.objects.filter(refund_no__startswith=ours).order_by("-refund_no")
    return [
        _result(
            "orders_refund",
            refund,
            "currency_exchange",
            "退款",
            refund.get_state_display(),
            money(refund.amount),
        )
        for refund in rows[:FOUND_MAX]
    ]


def _result(page: str, row: Any, icon: str, *facts: str) -> SearchResult:
    return SearchResult(
        title=str(row),
        description=" · ".join(facts),
        link=reverse(f"admin:{page}_change", args=[row.pk]),
        icon=icon,
    )
