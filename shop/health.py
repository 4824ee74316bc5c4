"""Whether the process is up and whether it can serve; for a balancer, by address."""

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.middleware.common import CommonMiddleware

from shop.queue import QueueState, queue_state
from shop.replica.routing import REPLICA, watch

NOT_MIGRATED = "migrations missing"
_migrated = False


class ShopCommonMiddleware(CommonMiddleware):
    """Ask for a known host name, save where a node is asked by its address."""

    def process_request(
        self, request: HttpRequest
    ) -> HttpResponsePermanentRedirect | None:
        if request.path in settings.NODE_PATHS:
            return None
        return super().process_request(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process can answer at all."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 503 when the database is away or migrations are missing.

    Cache, replica, worker and queue are told as `degraded` when they are not well;
    that takes no node out.
    """
    facts = {"database": database_state(), "cache": cache_state()}
    if REPLICA in connections:
        facts["replica"] = "ok" if watch.is_fit() else "away"
    queue = _queue() if facts["database"] == "ok" else None
    if queue:
        facts |= _queue_facts(queue)
    elif facts["database"] == "ok":
        # Gone since it was asked a moment ago, or slow.
        facts["database"] = "away"
    is_ready = facts["database"] == "ok"
    degraded = [name for name, state in facts.items() if state != "ok"]
    body = {"status": "ok" if is_ready else "unavailable", "degraded": degraded}
    figures = _queue_figures(queue) if queue else {}
    return JsonResponse(body | facts | figures, status=200 if is_ready else 503)


def database_state() -> str:
    """Return ok, away or NOT_MIGRATED."""
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
    return "ok" if _migrated else NOT_MIGRATED


def cache_state() -> str:
    """Return ok or away."""
    # The cache swallows its errors, so ask for what was just written.
    cache.set("readyz", "ok", 10)
    return "ok" if cache.get("readyz") == "ok" else "away"


def _queue() -> QueueState | None:
    try:
        return queue_state()
    except (DatabaseError, InterfaceError):
        return None


def _queue_facts(queue: QueueState) -> dict[str, str]:
    return {
        "worker": "ok" if queue.is_worker_alive else "away",
        "queue": "late" if queue.is_late else "ok",
    }


def _queue_figures(queue: QueueState) -> dict[str, int | None]:
    """Return whole seconds; no heartbeat where no worker ever ran."""
    heartbeat = queue.heartbeat_seconds
    return {
        "worker_heartbeat_seconds": None if heartbeat is None else int(heartbeat),
        "queue_lag_seconds": int(queue.oldest_seconds),
    }
