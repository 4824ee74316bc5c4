"""What runs when, day by day of a month: for desks of what begins and ends."""

import re
from calendar import Calendar
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.decorators import action

from shop.back_office.desk import Desk
from shop.days import day_begin

_WEEKDAYS = "一二三四五六日"
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


class Span(NamedTuple):
    """Something that runs for a while; without an end it goes on."""

    begins_at: datetime
    ends_at: datetime | None
    label: str
    # More of it, for a pointer that rests there.
    hint: str
    url: str

    def meets(self, begin: datetime, end: datetime) -> bool:
        """Tell whether it runs at some moment of a time, its end not included."""
        return self.begins_at < end and (self.ends_at is None or self.ends_at > begin)


class Day(NamedTuple):
    """A day of the calendar, and what runs on it."""

    date: date
    is_of_month: bool
    is_today: bool
    spans: Sequence[Span]


class CalendarDesk(Desk):
    """A desk of what begins and ends, which a calendar shows too."""

    actions_list = ("calendar",)
    calendar_title: str

    def calendar_spans(self, begin: datetime, end: datetime) -> Iterable[Span]:
        """Read what runs between two moments."""
        raise NotImplementedError

    @action(
        description="日历",
        url_path="calendar",
        icon="calendar_month",
        permissions=["view"],
    )
    def calendar(self, request: HttpRequest) -> HttpResponse:
        """Show a month, day by day."""
        context = {
            **self.admin_site.each_context(request),
            "title": self.calendar_title,
            "opts": self.opts,
            "back": self.list_url(),
            **_month_context(request.GET.get("month", ""), self.calendar_spans),
        }
        return TemplateResponse(request, "admin/calendar.html", context)


def _month_context(
    asked: str, spans_of: Callable[[datetime, datetime], Iterable[Span]]
) -> dict[str, Any]:
    """Return what the page of a month shows.

    `asked` is as in `2026-12`; this month when it is none. `spans_of` reads what runs
    between two moments, once.
    """
    month = _month(asked)
    weeks = Calendar().monthdatescalendar(month.year, month.month)
    end = day_begin(weeks[-1][-1] + timedelta(days=1))
    spans = list(spans_of(day_begin(weeks[0][0]), end))
    return {
        "month": month,
        "earlier": f"{month - timedelta(days=1):%Y-%m}",
        "later": f"{month + timedelta(days=31):%Y-%m}",
        "weekdays": _WEEKDAYS,
        "weeks": [[_day(day, month, spans) for day in week] for week in weeks],
    }


def _month(text: str) -> date:
    if found := _MONTH.fullmatch(text):
        return date(int(found[1]), int(found[2]), 1)
    return timezone.localdate().replace(day=1)


def _day(day: date, month: date, spans: Iterable[Span]) -> Day:
    begin, end = day_begin(day), day_begin(day + timedelta(days=1))
    return Day(
        date=day,
        is_of_month=day.month == month.month,
        is_today=day == timezone.localdate(),
        spans=[span for span in spans if span.meets(begin, end)],
    )
