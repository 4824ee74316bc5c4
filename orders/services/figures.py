"""What the shop took in: a finished day is added up once, the one that runs is read.

Each counts on the day, in the shop's time, on which it happened:

- An order when it was placed, whatever became of it; one that late money placed again
  is another. Its number begins with the day, so the index of the numbers counts;
  placing an order writes nothing for it.
- A payment that paid for an order, by WeChat's time of it. Money that paid for nothing
  (undue) never counts.
- A refund when WeChat took it, or staff paid it in another way: sales and pieces follow
  then, and the bill lists it so. Undue money that went back does not count. One that
  fails later does: the shop owes it still.
- A shopper at the first login, also one who is gone by now.
- A product's pieces when their order was paid, at the prices of its lines: an order's
  freight and discount belong to no product, and refunds are not taken off.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import add

from django.db import connection, transaction
from django.utils import timezone

from orders.locks import daily_figures_claim
from orders.models import DailyFigures, DailyProductSales
from orders.numbers import order_no_clock
from shop.days import day_begin, day_bounds

# Two months are compared on the home page.
DAYS_SHOWN = 60
# A payment may be booked days after it was made, when neither WeChat's notification
# nor our questions came through before.
DAYS_AGAIN = 7

_FIGURES = """
SELECT placed.count, paid.count, paid.amount, back.count, back.amount, shopper.count
FROM (
    SELECT count(*) FROM orders_order
    WHERE order_no >= %(first_no)s AND order_no < %(end_no)s
) AS placed, (
    SELECT count(*), coalesce(sum(amount), 0.00) AS amount FROM orders_payment
    WHERE state = 'succeeded' AND paid_at >= %(start)s AND paid_at < %(end)s
) AS paid, (
    SELECT count(*), coalesce(sum(amount), 0.00) AS amount FROM orders_refund
    WHERE kind <> 'automatic' AND accepted_at >= %(start)s AND accepted_at < %(end)s
) AS back, (
    SELECT count(*) FROM accounts_user
    WHERE NOT is_staff AND created_at >= %(start)s AND created_at < %(end)s
) AS shopper
"""

_SALES = """
INSERT INTO orders_dailyproductsales (day, product_id, pieces, amount)
SELECT %(day)s, item.product_id, sum(item.quantity), sum(item.price * item.quantity)
FROM orders_payment payment
JOIN orders_orderitem item ON item.order_id = payment.order_id
WHERE payment.state = 'succeeded'
    AND payment.paid_at >= %(start)s AND payment.paid_at < %(end)s
GROUP BY item.product_id
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and amounts (yuan) of some time."""

    orders: int = 0
    paid_orders: int = 0
    paid_amount: Decimal = Decimal("0.00")
    refunds: int = 0
    refund_amount: Decimal = Decimal("0.00")
    new_shoppers: int = 0

    @property
    def average_amount(self) -> Decimal:
        """Return what a paid order cost on average."""
        if not self.paid_orders:
            return Decimal("0.00")
        return (self.paid_amount / self.paid_orders).quantize(Decimal("0.01"))

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*map(add, astuple(self), astuple(other)))


def figures_between(start: datetime, end: datetime) -> Figures:
    """Count what happened from one moment until before another, by indexes."""
    facts: dict[str, datetime | str] = {
        "start": start,
        "end": end,
        "first_no": order_no_clock(start),
        "end_no": order_no_clock(end),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, facts)
        return Figures(*cursor.fetchone())


def figures_of(day: DailyFigures) -> Figures:
    """Return what was added up of a day."""
    return Figures(*(getattr(day, name) for name in Figures.__dataclass_fields__))


def figures_due() -> list[date]:
    """Return the finished days that must be added up, newest first.

    Those missing among the last 60; and of the last 7 each once a day, for late money.
    """
    today = timezone.localdate()
    days = [today - timedelta(days=n) for n in range(1, DAYS_SHOWN + 1)]
    rows = DailyFigures.objects.filter(day__in=days)
    counted = dict(rows.values_list("day", "counted_at"))
    again = [day for day in days[:DAYS_AGAIN] if day in counted]
    old = {day for day in again if counted[day] < day_begin(today)}
    return [day for day in days if day not in counted or day in old]


def figures_refresh(
    *,
    days: Sequence[date],
    on_progress: Callable[[int, int], None] = lambda number, total: None,
) -> None:
    """Add up finished days anew, each in a transaction of its own.

    Again it is the same. `on_progress` is told how many days of how many are done.

    Locks: a day's claim.
    """
    for number, day in enumerate(days, start=1):
        _day_refresh(day)
        on_progress(number, len(days))


@transaction.atomic
def _day_refresh(day: date) -> None:
    daily_figures_claim(day)
    start, end = day_bounds(day)
    figures = asdict(figures_between(start, end))
    DailyFigures.objects.update_or_create(
        day=day, defaults={**figures, "counted_at": timezone.now()}
    )
    DailyProductSales.objects.filter(day=day).delete()
    with connection.cursor() as cursor:
        cursor.execute(_SALES, {"day": day, "start": start, "end": end})
