"""Background work of accounts."""

from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.services import sessions_flush as flush


@app.periodic(cron="20 20 * * *")
@app.task(queueing_lock="accounts.sessions_flush", pass_context=False)
def sessions_flush(timestamp: int) -> int:
    """Delete expired sessions, each night; running it twice does no harm."""
    return flush(now=timezone.now())
