"""What logins leave behind, deleted when nobody needs it any more."""

from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session as AdminSession
from django.db.models import QuerySet

from accounts.models import LoginFailure, Session

# Short enough that no lock is held for long.
FLUSH_BATCH = 1000
# How long staff can look up who tried to get in.
FAILURES_DAYS = 30


def sessions_flush(*, now: datetime) -> int:
    """Delete the sessions that expired before `now`; return how many there were."""
    api = Session.objects.filter(expires_at__lt=now).order_by("expires_at")
    admin = AdminSession.objects.filter(expire_date__lt=now).order_by("expire_date")
    return _flush(api) + _flush(admin)


def login_failures_flush(*, now: datetime) -> int:
    """Delete what no lock counts any more, and the old part of the record."""
    counted = now - settings.AXES_COOLOFF_TIME
    kept = now - timedelta(days=FAILURES_DAYS)
    return _flush(AccessAttempt.objects.filter(attempt_time__lt=counted)) + _flush(
        LoginFailure.objects.filter(attempt_time__lt=kept)
    )


def _flush(rows: QuerySet[Any]) -> int:
    """Delete rows in batches."""
    total = 0
    while True:
        batch = list(rows.values_list("pk", flat=True)[:FLUSH_BATCH])
        # Asked again: a row may have been renewed meanwhile.
        total += rows.filter(pk__in=batch).delete()[0]
        if len(batch) < FLUSH_BATCH:
            return total
