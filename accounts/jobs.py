"""Background work of accounts."""

from django.utils import timezone
from procrastinate.contrib.django import app

from accounts import services


@app.periodic(cron="20 20 * * *")
@app.task(queueing_lock="accounts.sessions_flush", pass_context=False)
def sessions_flush(timestamp: int) -> int:
    """Delete what logins leave behind, each night; running it twice does no harm."""
    now = timezone.now()
    return services.sessions_flush(now=now) + services.login_failures_flush(now=now)
