"""Deleting what is old, in batches: no row is locked for long, whatever the number."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from simple_history.models import registered_models
from simple_history.utils import get_history_model_for_model

BATCH = 1000
# A worker that is only held up for a while must find its row again.
WORKERS_KEPT_SECONDS = 24 * 3600

# The oldest jobs first, each asked for its last event by that table's index. Not one
# that staff are about to queue again.
_JOBS = """
DELETE FROM procrastinate_jobs WHERE id = ANY (ARRAY(
    SELECT job.id FROM procrastinate_jobs AS job
    WHERE job.status IN ('succeeded', 'failed', 'cancelled', 'aborted') AND %s > (
        SELECT max(event.at) FROM procrastinate_events AS event
        WHERE event.job_id = job.id)
    ORDER BY job.id LIMIT %s FOR UPDATE SKIP LOCKED
))
"""
_WORKERS = "SELECT procrastinate_prune_stalled_workers_v1(%s)"


def rows_delete(rows: QuerySet[Any]) -> int:
    """Delete the rows, in batches that are committed one by one; return how many.

    Called outside of a transaction. Their order and condition should be of one index.
    """
    total = 0
    while True:
        batch = list(rows.values_list("pk", flat=True)[:BATCH])
        # Asked again: a row may have been renewed meanwhile.
        _, by_model = rows.filter(pk__in=batch).delete()
        total += by_model.get(rows.model._meta.label, 0)
        if len(batch) < BATCH:
            return total


def oldest(rows: QuerySet[Any], *, moment: str, until: datetime) -> QuerySet[Any]:
    """Narrow to those of the first BATCH rows whose `moment` lies before `until`.

    For a table without an index of its times: its numbers were given out in time, so
    what is old and left behind one that stays is found by a later night.
    """
    first = rows.order_by("pk").values("pk")[:BATCH]
    return rows.filter(pk__in=first, **{f"{moment}__lt": until}).order_by("pk")


def history_delete_old() -> int:
    """Delete what staff did so long ago that nobody asks; return how many rows."""
    until = timezone.now() - timedelta(days=settings.HISTORY_KEEP_DAYS)
    snapshots = map(get_history_model_for_model, registered_models.values())
    tables = [(one, "history_date") for one in snapshots] + [(LogEntry, "action_time")]
    return sum(
        rows_delete(oldest(one.objects.all(), moment=moment, until=until))
        for one, moment in tables
    )


def jobs_delete_old() -> int:
    """Delete the jobs that ended long ago, in batches; return how many.

    Jobs that succeeded are gone already. One that failed is no record of the work: what
    is still due has its own row, such as a refund, whose sweep queues a new job.
    """
    until = timezone.now() - timedelta(days=settings.JOB_KEEP_DAYS)
    total = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_JOBS, [until, BATCH])
            deleted = int(cursor.rowcount)
            total += deleted
            if deleted < BATCH:
                return total


def workers_delete_dead() -> None:
    """Delete the rows of workers that were killed a day ago or more."""
    with connection.cursor() as cursor:
        cursor.execute(_WORKERS, [WORKERS_KEPT_SECONDS])
