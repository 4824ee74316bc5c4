"""Giving the worker work, and how the work is doing, asked of the database."""

from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.types import JSONValue

from shop.errors import JobNotRetried

# A worker sends a heartbeat every 10 s; a job that has waited for a minute is late.
PATIENCE_SECONDS = 60

# Each part by an index of its own. A job without a time is due since it was queued, and
# a retry has a time; so of the former the first one has waited longest. What is to be
# done later is not late.
_STATE = """
SELECT
    (SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers),
    (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'),
    (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'),
    (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'),
    extract(epoch FROM now() - least(
        (SELECT min(scheduled_at) FROM procrastinate_jobs
         WHERE status = 'todo' AND scheduled_at <= now()),
        (SELECT min(at) FROM procrastinate_events
         WHERE type = 'deferred' AND job_id = (
             SELECT min(id) FROM procrastinate_jobs
             WHERE status = 'todo' AND scheduled_at IS NULL))
    ))
"""

_FAILED_LOCK = """
SELECT id FROM procrastinate_jobs WHERE id = %s AND status = 'failed' FOR UPDATE
"""


def job_enqueue(
    task_name: str,
    /,
    *,
    schedule_in_seconds: int | None = None,
    **arguments: JSONValue,
) -> None:
    """Queue a job in the caller's transaction: it exists if that is committed.

    By the task's name, so that services import no jobs. The task must bear being run
    twice, and have no queueing lock: a job that waits already would break the
    transaction.

    Raises: TaskNotFound; OperationalError.
    """
    wait = None if schedule_in_seconds is None else {"seconds": schedule_in_seconds}
    deferrer = app.configure_task(task_name, allow_unknown=False, schedule_in=wait)
    try:
        deferrer.defer(**arguments)
    except ConnectorException as error:
        # What the database refuses is Django's error everywhere else.
        raise OperationalError("a job could not be queued") from error


def job_retry(*, job_id: int) -> None:
    """Queue a failed job again, to be done at once.

    Locks: the job's row; one that runs is nobody's to start a second time.
    Raises: JobNotRetried.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FAILED_LOCK, [job_id])
            if cursor.fetchone() is None:
                raise JobNotRetried
            app.job_manager.retry_job_by_id(job_id, retry_at=timezone.now())
    except UniqueViolation as error:
        # Its queueing lock is taken: the same work is queued already.
        raise JobNotRetried from error


@dataclass(frozen=True)
class QueueState:
    """Counts of jobs; how long the oldest has been due; the last sign of a worker."""

    heartbeat_seconds: float | None
    waiting: int
    doing: int
    failed: int
    oldest_seconds: float

    @property
    def is_worker_alive(self) -> bool:
        """Tell whether some worker has sent its heartbeat."""
        seconds = self.heartbeat_seconds
        return seconds is not None and seconds < PATIENCE_SECONDS

    @property
    def is_late(self) -> bool:
        """Tell whether a job waits too long."""
        return self.oldest_seconds > PATIENCE_SECONDS


def queue_state() -> QueueState:
    """Ask the database, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        heartbeat, waiting, doing, failed, oldest = cursor.fetchone()
    return QueueState(
        heartbeat_seconds=None if heartbeat is None else float(heartbeat),
        waiting=waiting,
        doing=doing,
        failed=failed,
        oldest_seconds=max(0.0, float(oldest or 0)),
    )
