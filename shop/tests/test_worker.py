"""The worker as a program: it outlives its database, and stops when it is told to."""

import signal
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateWorker

from conftest import PATIENCE_SECONDS, wait_until
from shop.tests.web_process import database_url
from shop.tests.worker_process import worker_running

NAME = "worker-to-be-cut-off"


def beats(since: datetime) -> bool:
    """Tell whether a worker has said since then that it lives."""
    return ProcrastinateWorker.objects.filter(last_heartbeat__gt=since).exists()


def cut_off() -> bool:
    """End all of its connections from outside, once it listens for jobs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = %(name)s AND EXISTS (SELECT FROM"
            " pg_stat_activity WHERE application_name = %(name)s"
            " AND query LIKE 'LISTEN%%')",
            {"name": NAME},
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.usefixtures("queue")
def test_worker_goes_on_when_it_lost_its_database(tmp_path: Path) -> None:
    """By new connections, or from its beginning, whichever part of it notices first."""
    url = f"{database_url()}?application_name={NAME}"
    log = tmp_path / "worker.log"
    with worker_running(log, DATABASE_URL=url) as worker:
        wait_until(cut_off)
        since = timezone.now()
        wait_until(lambda: beats(since))
        assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=PATIENCE_SECONDS) == 0, log.read_text()
