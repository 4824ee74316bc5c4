"""Orders, payments and refunds of a day, and what is added up of it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from orders.models import DailyFigures, DailyProductSales, Order, Payment, Refund
from orders.numbers import order_no_make
from orders.services.figures import Figures, figures_of, figures_refresh
from orders.services.payments import payment_settle
from orders.tests.conftest import attempt_made, payment_facts, placed

DAY = date(2026, 3, 10)
MIDNIGHT = "2026-03-10T00:00:00+08:00"
LAST = "2026-03-10T23:59:59.999+08:00"
NEXT = "2026-03-11T00:00:00+08:00"
BEFORE = "2026-03-09T23:59:59.999+08:00"


def moment(text: str) -> datetime:
    found = parse_datetime(text)
    assert found is not None
    return found


def order_at(api: APIClient, at: str, *lines: dict[str, Any]) -> Order:
    """Place an order that has the number of another moment."""
    order = Order.objects.get(order_no=placed(api, *lines)["orderNo"])
    order.created_at = moment(at)
    order.order_no = order_no_make(user_id=order.user_id, now=order.created_at)
    order.save()
    return order


def pay_at(order: Order, at: str) -> Payment:
    """Book a payment that WeChat says was made at a moment."""
    payment = attempt_made(order)
    payment_settle(facts={**payment_facts(payment), "success_time": at})
    payment.refresh_from_db()
    return payment


def refund_at(order: Order, at: str | None, amount: str, **fields: Any) -> Refund:
    """Write a refund that WeChat took at a moment."""
    number = Refund.objects.count()
    return Refund.objects.create(
        refund_no=f"R{number}",
        out_refund_no=f"R{number}T01",
        order=order,
        payment=order.payments.first(),
        amount=Decimal(amount),
        accepted_at=at and moment(at),
        **{"kind": "after_sale", "state": "succeeded", **fields},
    )


def counted(day: date = DAY) -> Figures:
    figures_refresh(days=[day])
    return figures_of(DailyFigures.objects.get(day=day))


def sales(day: date = DAY) -> list[tuple[str, int, Decimal]]:
    rows = DailyProductSales.objects.filter(day=day).order_by("product__name")
    return list(rows.values_list("product__name", "pieces", "amount"))
