"""Giving the worker work, and how the work is doing, asked of the database."""

from dataclasses import dataclass

from django.db import OperationalError, connection
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException
from procrastinate.types import JSONValue

# A worker sends a heartbeat every 10 s; a job that has waited for a minute is late.
PATIENCE_SECONDS = 60

_STATE = """
SELECT
    (SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers),
    count(*) FILTER (WHERE job.status = 'todo'),
    count(*) FILTER (WHERE job.status = 'doing'),
    count(*) FILTER (WHERE job.status = 'failed'),
    max(extract(epoch FROM now() - coalesce(job.scheduled_at, event.at)))
        FILTER (WHERE job.status = 'todo')
FROM procrastinate_jobs job
LEFT JOIN procrastinate_events event
    ON event.job_id = job.id AND event.type = 'deferred'
WHERE job.status IN ('todo', 'doing', 'failed')
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
