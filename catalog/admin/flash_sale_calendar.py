"""The sales of a month, day by day."""

import re
from calendar import Calendar
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from catalog.models import FlashSale

WEEKDAYS = "一二三四五六日"
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


class Day(NamedTuple):
    """A day of the calendar, and the sales that run on it."""

    date: date
    is_of_month: bool
    is_today: bool
    sales: Sequence[FlashSale]


def month_asked(text: str) -> date:
    """Read the first day of a month, `2026-12`; this month when it is none."""
    if found := _MONTH.fullmatch(text):
        return date(int(found[1]), int(found[2]), 1)
    return timezone.localdate().replace(day=1)


def month_context(month: date) -> dict[str, Any]:
    """Return what the page of a month shows; reads it in one statement."""
    weeks = Calendar().monthdatescalendar(month.year, month.month)
    end = weeks[-1][-1] + timedelta(days=1)
    rows = FlashSale.objects.between(_midnight(weeks[0][0]), _midnight(end))
    sales = list(rows.order_by("starts_at", "pk"))
    return {
        "month": month,
        "earlier": f"{month - timedelta(days=1):%Y-%m}",
        "later": f"{month + timedelta(days=31):%Y-%m}",
        "weekdays": WEEKDAYS,
        "weeks": [[_day(day, month, sales) for day in week] for week in weeks],
    }


def _day(day: date, month: date, sales: Sequence[FlashSale]) -> Day:
    begin, end = _midnight(day), _midnight(day + timedelta(days=1))
    return Day(
        date=day,
        is_of_month=day.month == month.month,
        is_today=day == timezone.localdate(),
        sales=[sale for sale in sales if sale.starts_at < end and sale.ends_at > begin],
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
