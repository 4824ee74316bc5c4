"""A filter of lists by days, the last one included."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import DateField, DateInput, Form
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.widgets import INPUT_CLASSES

from shop.days import day_begin


class DayRangeForm(Form):
    """Two days in the browser's own calendar.

    Unfold's own needs words of Django's scripts, which a list without actions lacks.
    """

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for end, label in (("from", "从"), ("to", "到")):
            self.fields[f"{name}_{end}"] = DateField(
                label=label,
                required=False,
                widget=DateInput(
                    attrs={
                        "type": "date",
                        "aria-label": label,
                        "class": " ".join(INPUT_CLASSES),
                    },
                    format="%Y-%m-%d",
                ),
            )


class DayRangeFilter(RangeDateFilter):
    """Unfold's filter, for moments in the shop's own time.

    Its own ends where the last day begins.
    """

    form_class = DayRangeForm

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": first})
        if last:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": last})
        return queryset

    def _day(self, end: str) -> datetime | None:
        """Return when the first day begins, or the last ends; None for what is none."""
        value = self.used_parameters.get(f"{self.parameter_name}_{end}")
        try:
            day = DateField().clean(value) + timedelta(days=end == "to")
            return day_begin(day)
        except (ValidationError, OverflowError):
            return None
