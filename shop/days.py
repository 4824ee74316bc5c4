"""Days of the shop: from midnight to midnight in its own time."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return when a day begins, and when the next one does."""
    return day_begin(day), day_begin(day + timedelta(days=1))


def day_begin(day: date) -> datetime:
    """Return when a day begins."""
    return timezone.make_aware(datetime.combine(day, time.min))
