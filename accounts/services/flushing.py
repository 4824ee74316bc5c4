"""What logins leave behind, deleted when nobody needs it any more."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session as AdminSession

from accounts.models import LoginFailure, Session
from shop.retention import oldest, rows_delete


def sessions_flush(*, now: datetime) -> int:
    """Delete the sessions that expired before `now`; return how many there were."""
    api = Session.objects.filter(expires_at__lt=now).order_by("expires_at")
    admin = AdminSession.objects.filter(expire_date__lt=now).order_by("expire_date")
    return rows_delete(api) + rows_delete(admin)


def login_failures_flush(*, now: datetime) -> int:
    """Delete what no lock counts any more, and the old part of the record."""
    counted = now - settings.AXES_COOLOFF_TIME
    kept = now - timedelta(days=settings.LOGIN_FAILURE_KEEP_DAYS)
    attempts = AccessAttempt.objects.filter(attempt_time__lt=counted).order_by("pk")
    failures = oldest(LoginFailure.objects.all(), moment="attempt_time", until=kept)
    return rows_delete(attempts) + rows_delete(failures)
