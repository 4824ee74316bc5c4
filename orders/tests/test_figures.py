"""What the shop took in: what counts, on which day, and that adding up again is it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, make_shopper, wait_until
from orders.jobs import figures_refresh_job
from orders.locks import daily_figures_claim
from orders.models import (
    DailyFigures,
    DailyProductSales,
    Order,
    Payment,
    Refund,
    RefundKind,
)
from orders.numbers import order_no_make, out_trade_no_make
from orders.services.figures import (
    DAYS_SHOWN,
    Figures,
    figures_between,
    figures_due,
    figures_of,
    figures_refresh,
)
from orders.services.payments import payment_settle
from orders.tests.conftest import line, payment_facts, placed
from orders.tests.test_demo import Terminal
from shop.days import day_begin, day_bounds

DAY = date(2026, 3, 10)
MIDNIGHT = "2026-03-10T00:00:00+08:00"
LAST = "2026-03-10T23:59:59.999+08:00"
NEXT = "2026-03-11T00:00:00+08:00"
BEFORE = "2026-03-09T23:59:59.999+08:00"

pytestmark = pytest.mark.usefixtures("db", "noon")


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
    attempt = order.payments.count() + 1
    payment = Payment.objects.create(
        order=order,
        out_trade_no=out_trade_no_make(order_no=order.order_no, attempt=attempt),
        amount=order.total_amount,
        expires_at=order.expires_at,
    )
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


def test_a_day_without_anything_is_a_row_of_zeros() -> None:
    assert counted() == Figures()
    assert sales() == []


@pytest.mark.parametrize(
    ("at", "count"), [(BEFORE, 0), (MIDNIGHT, 1), (LAST, 1), (NEXT, 0)]
)
def test_each_counts_on_its_day_in_shanghai(
    shopper_api: APIClient, tea: Product, at: str, count: int
) -> None:
    order = order_at(shopper_api, at, line(tea, 2))
    pay_at(order, at)
    refund_at(order, at, "33.30")
    User.objects.filter(is_staff=False).update(created_at=moment(at))
    amount, back = Decimal("198.00") * count, Decimal("33.30") * count
    assert counted() == Figures(count, count, amount, count, back, count)
    assert sales() == [("龙井茶", 2, Decimal("198.00"))] * count


def test_orders_count_when_placed_and_money_when_paid(
    shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    paid_next_day = order_at(shopper_api, LAST, line(tea))
    pay_at(paid_next_day, NEXT)
    order_at(shopper_api, LAST, line(cup))
    cancelled = order_at(shopper_api, MIDNIGHT, line(tea))
    shopper_api.post(f"/api/orders/{cancelled.order_no}/cancel")
    assert counted() == Figures(orders=3)
    next_day = DAY + timedelta(days=1)
    assert counted(next_day) == Figures(paid_orders=1, paid_amount=Decimal("99.00"))
    assert sales(next_day) == [("龙井茶", 1, Decimal("99.00"))]


def test_undue_money_counts_neither_when_it_comes_nor_when_it_goes(
    shopper_api: APIClient, tea: Product
) -> None:
    order = order_at(shopper_api, MIDNIGHT, line(tea))
    pay_at(order, MIDNIGHT)
    second = pay_at(order, LAST)
    refund = Refund.objects.get(payment=second)
    assert (second.state, refund.kind) == ("undue", RefundKind.AUTOMATIC)
    Refund.objects.update(state="succeeded", accepted_at=moment(LAST))
    assert counted() == Figures(orders=1, paid_orders=1, paid_amount=Decimal("99.00"))
    assert sales() == [("龙井茶", 1, Decimal("99.00"))]


def test_refunds_count_from_when_wechat_took_them(
    shopper_api: APIClient, tea: Product, staff: User
) -> None:
    order = order_at(shopper_api, MIDNIGHT, line(tea, 9))
    pay_at(order, MIDNIGHT)
    refund_at(order, None, "1.00", state="requested")
    refund_at(order, None, "2.00", state="rejected")
    refund_at(order, NEXT, "4.00")
    refund_at(order, LAST, "8.00", state="processing")
    refund_at(order, LAST, "16.00", state="failed", wechat_error="ABNORMAL")
    refund_at(order, LAST, "32.00", kind="cancel", succeeded_at=moment(NEXT))
    refund_at(order, LAST, "64.00", kind="staff")
    found = counted()
    assert (found.refunds, found.refund_amount) == (4, Decimal("120.00"))


def test_shoppers_are_counted_and_staff_are_not(staff: User) -> None:
    gone = make_shopper("gone")
    gone.openid, gone.deleted_at, gone.is_active = None, timezone.now(), False
    gone.save()
    make_shopper("here")
    User.objects.update(created_at=moment(LAST))
    assert counted().new_shoppers == 2


def test_sales_add_up_lines_of_a_product_at_their_prices(
    shopper_api: APIClient, two_skus: tuple[Product, Any, Any], cup: Product
) -> None:
    shirt, small, large = two_skus
    both = [{**line(shirt), "skuId": small.pk}, {**line(shirt, 2), "skuId": large.pk}]
    order = order_at(shopper_api, MIDNIGHT, *both, line(cup))
    pay_at(order, LAST)
    pay_at(order_at(shopper_api, LAST, line(cup, 2)), LAST)
    counted()
    assert sales() == [
        ("T恤", 3, Decimal("170.00")),
        ("茶杯", 3, Decimal("76.50")),
    ]


def test_the_average_is_of_paid_orders() -> None:
    assert Figures().average_amount == Decimal("0.00")
    figures = Figures(orders=9, paid_orders=3, paid_amount=Decimal("100.00"))
    assert figures.average_amount == Decimal("33.33")
    two = figures + Figures(paid_orders=1, paid_amount=Decimal("0.10"))
    assert two == replace(figures, paid_orders=4, paid_amount=Decimal("100.10"))


def test_counting_again_after_late_money_is_as_counting_anew(
    shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    orders = [order_at(shopper_api, LAST, line(one)) for one in (tea, cup)]
    pay_at(orders[0], LAST)
    assert counted().paid_amount == Decimal("99.00")
    assert sales() == [("龙井茶", 1, Decimal("99.00"))]
    pay_at(orders[1], LAST)
    again, sold = counted(), sales()
    assert again == Figures(2, 2, Decimal("124.50"))
    assert sold == [("茶杯", 1, Decimal("25.50")), ("龙井茶", 1, Decimal("99.00"))]
    DailyFigures.objects.all().delete()
    DailyProductSales.objects.all().delete()
    assert (counted(), sales()) == (again, sold)
    assert (counted(), sales()) == (again, sold)
    assert (DailyFigures.objects.count(), DailyProductSales.objects.count()) == (1, 2)


def test_today_is_read_up_to_now(shopper_api: APIClient, tea: Product) -> None:
    now = timezone.now()
    earlier = (now - timedelta(milliseconds=1)).isoformat()
    pay_at(order_at(shopper_api, earlier, line(tea)), earlier)
    placed(shopper_api, line(tea))
    start = day_begin(timezone.localdate())
    assert figures_between(start, now) == Figures(1, 1, Decimal("99.00"))
    assert figures_between(now, day_bounds(timezone.localdate())[1]) == Figures(
        orders=1, new_shoppers=1
    )


def last_days(count: int) -> list[date]:
    today = timezone.localdate()
    return [today - timedelta(days=n) for n in range(1, count + 1)]


def test_what_is_missing_is_due_and_the_last_week_once_a_day() -> None:
    days = last_days(DAYS_SHOWN)
    assert figures_due() == days
    figures_refresh(days=days)
    assert figures_due() == []
    # One that was counted when it had just ended, and all before it, yesterday.
    midnight = day_begin(timezone.localdate())
    DailyFigures.objects.update(counted_at=midnight - timedelta(seconds=1))
    assert figures_due() == days[:7]
    DailyFigures.objects.update(counted_at=midnight)
    DailyFigures.objects.filter(day__in=[days[3], days[40]]).delete()
    assert figures_due() == [days[3], days[40]]


def test_the_job_catches_up_and_is_done(shopper_api: APIClient, tea: Product) -> None:
    yesterday = last_days(1)[0]
    start, _ = day_bounds(yesterday)
    order_at(shopper_api, start.isoformat(), line(tea))
    figures_refresh_job(timestamp=0)
    assert DailyFigures.objects.count() == DAYS_SHOWN
    assert DailyFigures.objects.get(orders=1).day == yesterday
    before = list(DailyFigures.objects.values())
    figures_refresh_job(timestamp=0)
    assert list(DailyFigures.objects.values()) == before


def test_the_command_counts_again_and_shows_how_far_it_is(
    shopper_api: APIClient, tea: Product
) -> None:
    out = StringIO()
    call_command("figures_refresh", "--days", "3", stdout=out)
    assert out.getvalue() == "figures of 3 days added up\n"
    days = DailyFigures.objects.order_by("-day").values_list("day", flat=True)
    assert list(days) == last_days(3)
    start, _ = day_bounds(days[2])
    order_at(shopper_api, start.isoformat(), line(tea))
    terminal = Terminal()
    call_command("figures_refresh", stdout=terminal)
    assert "\rdays: 60/60\nfigures of 60 days added up\n" in terminal.getvalue()
    assert DailyFigures.objects.get(day=days[2]).orders == 1


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "3651", "²"])
def test_a_number_of_days_that_is_none(text: str) -> None:
    with pytest.raises(CommandError, match="a number of days from 1 to 3650"):
        call_command("figures_refresh", "--days", text)
    assert not DailyFigures.objects.exists()


def test_a_day_that_fails_keeps_what_it_was(
    shopper_api: APIClient, tea: Product
) -> None:
    """Its row and its sales are written together or not at all."""
    pay_at(order_at(shopper_api, LAST, line(tea)), LAST)
    before = (counted(), sales())
    pay_at(order_at(shopper_api, LAST, line(tea)), LAST)
    with connection.cursor() as cursor:
        # What is still to be checked at the commit forbids ALTER TABLE.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE orders_dailyproductsales ADD CONSTRAINT one CHECK (pieces < 2)"
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        figures_refresh(days=[DAY])
    assert (figures_of(DailyFigures.objects.get()), sales()) == before


@pytest.mark.usefixtures("transactional_db")
def test_who_comes_second_adds_up_what_came_meanwhile(
    shopper_api: APIClient, tea: Product
) -> None:
    """Else older sums would be written over newer ones."""
    order_at(shopper_api, LAST, line(tea))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            daily_figures_claim(DAY)
            second = pool.submit(alone(figures_refresh), days=[DAY])
            wait_until(lock_waiters)
            User.objects.filter(is_staff=False).update(created_at=moment(LAST))
        second.result()
    assert figures_of(DailyFigures.objects.get()) == Figures(orders=1, new_shoppers=1)
