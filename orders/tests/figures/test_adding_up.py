"""Finished days are added up, and again when late money may have come."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.jobs import figures_refresh_job
from orders.locks import daily_figures_claim
from orders.models import DailyFigures, DailyProductSales
from orders.services.figures import (
    DAYS_SHOWN,
    Figures,
    figures_due,
    figures_of,
    figures_refresh,
)
from orders.tests.conftest import line
from orders.tests.figures.days import (
    DAY,
    LAST,
    counted,
    moment,
    order_at,
    pay_at,
    sales,
)
from orders.tests.test_demo import Terminal
from shop.days import day_begin, day_bounds

pytestmark = pytest.mark.usefixtures("db", "noon")


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
