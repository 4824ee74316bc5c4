"""GET /metrics for Prometheus."""

import time
from collections.abc import Iterator
from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from shop.health import cache_state
from shop.metrics import registry_of_all
from shop.queue import QueueState, queue_state

# Whoever scrapes more often gets what was asked a moment ago.
KEPT_SECONDS = 5.0


@csrf_exempt
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer who knows METRICS_TOKEN; to all others the page does not exist."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    sent = request.headers.get("Authorization", "")
    is_known = compare_digest(sent.encode(), expected.encode())
    if not (settings.METRICS_TOKEN and is_known):
        raise Http404
    text = generate_latest(registry_of_all()) + generate_latest(_parts)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


class PartsCollector:
    """The state of cache, database and queue, asked for when it is scraped."""

    def __init__(self) -> None:
        self._kept: tuple[float, list[GaugeMetricFamily]] = (-KEPT_SECONDS, [])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        asked_at, gauges = self._kept
        if time.monotonic() - asked_at > KEPT_SECONDS:
            gauges = [_gauge("cache_up", "Whether the cache answers", _cache_up())]
            gauges += _database_gauges()
            self._kept = (time.monotonic(), gauges)
        yield from gauges


def _cache_up() -> bool:
    return cache_state() == "ok"


def _database_gauges() -> list[GaugeMetricFamily]:
    words = "Whether the database answers"
    try:
        queue = queue_state()
    except (DatabaseError, InterfaceError):
        return [_gauge("database_up", words, False)]
    return [_gauge("database_up", words, True), *_queue_gauges(queue)]


def _queue_gauges(queue: QueueState) -> list[GaugeMetricFamily]:
    jobs = GaugeMetricFamily("shop_jobs", "Jobs by their status", labels=["status"])
    for status in ("waiting", "doing", "failed"):
        jobs.add_metric([status], getattr(queue, status))
    return [
        jobs,
        _gauge(
            "oldest_job_seconds",
            "How long the oldest waiting job has been due",
            queue.oldest_seconds,
        ),
        _gauge("worker_up", "Whether a worker is alive", queue.is_worker_alive),
        _gauge(
            "worker_heartbeat_seconds",
            "How long ago a worker has last told that it lives",
            queue.heartbeat_seconds,
        ),
    ]


def _gauge(name: str, words: str, value: float | None) -> GaugeMetricFamily:
    known = None if value is None else float(value)
    return GaugeMetricFamily(f"shop_{name}", words, value=known)


_parts = CollectorRegistry()
_parts.register(PartsCollector())
