"""Whether the process is up and whether it can serve."""

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

_migrated = False

# A worker sends a heartbeat every 10 s; a job that has waited for a minute is late.
_QUEUE = """
SELECT
    EXISTS (
        SELECT FROM procrastinate_workers
        WHERE last_heartbeat > now() - interval '60 seconds'
    ),
    EXISTS (
        SELECT FROM procrastinate_jobs job
        JOIN procrastinate_events event
            ON event.job_id = job.id AND event.type = 'deferred'
        WHERE job.status = 'todo'
            AND coalesce(job.scheduled_at, event.at) < now() - interval '60 seconds'
    )
"""


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process can answer at all."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 503 when the database is away or migrations are missing.

    Cache, worker and queue are told as `degraded` when they are not well; that takes
    no node out.
    """
    database = _database_state()
    facts = {"database": database, "cache": _cache_state()}
    if database == "ok":
        facts |= _queue_states()
    is_ready = database == "ok"
    degraded = [name for name, state in facts.items() if state != "ok"]
    body = {"status": "ok" if is_ready else "unavailable", "degraded": degraded}
    return JsonResponse(body | facts, status=200 if is_ready else 503)


def _database_state() -> str:
    # Kept, because migrations are never undone under a process.
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _migrated:
            executor = MigrationExecutor(connection)
            targets = executor.loader.graph.leaf_nodes()
            _migrated = not executor.migration_plan(targets)
    except (DatabaseError, InterfaceError):
        return "away"
    return "ok" if _migrated else "migrations missing"


def _queue_states() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE)
        is_worker_alive, is_late = cursor.fetchone()
    return {
        "worker": "ok" if is_worker_alive else "away",
        "queue": "late" if is_late else "ok",
    }


def _cache_state() -> str:
    # The cache swallows its errors, so ask for what was just written.
    cache.set("readyz", "ok", 10)
    return "ok" if cache.get("readyz") == "ok" else "away"
