"""A filter of lists by days, the last one included."""

from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import DateField
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateFilter


class DayRangeFilter(RangeDateFilter):
    """Unfold's filter, for moments in the shop's own time.

    Its own ends where the last day begins, and does not read a day as the calendar of
    its own Chinese page writes it.
    """

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": first})
        if last:
            end = last + timedelta(days=1)
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": end})
        return queryset

    def _day(self, end: str) -> datetime | None:
        """Return when a day begins; None for what is no day."""
        value = self.used_parameters.get(f"{self.parameter_name}_{end}")
        try:
            day = DateField(required=False).clean(value)
        except ValidationError:
            return None
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None
