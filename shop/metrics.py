"""What is counted and measured; no label is ever a person, or a text that one typed.

gunicorn's processes, and the worker beside them, keep their figures in files of
PROMETHEUS_MULTIPROC_DIR, which each of them can add up. Without it the figures are
those of this process.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PROCESS_VARIABLE = "METRICS_PROCESS"


def _process() -> str:
    """Return the name of this process's files.

    A place, not a process id: a process that is replaced goes on with the files of
    the one before, so that there are never more of them.
    """
    return os.environ.get(PROCESS_VARIABLE) or str(os.getpid())


if FOLDER_VARIABLE in os.environ:
    values.ValueClass = values.MultiProcessValue(_process)  # type: ignore[no-untyped-call]

registry = CollectorRegistry()

REQUESTS = Histogram(
    "shop_request_seconds",
    "Requests by method, route and status, and how long they took",
    ["method", "route", "status"],
    registry=registry,
)
ERRORS = Counter(
    "shop_errors",
    "Refusals and failures of the API by their slug, as in docs/errors.md",
    ["error"],
    registry=registry,
)
ORDERS = Counter(
    "shop_orders", "Orders that came into a status", ["status"], registry=registry
)
REFUNDS = Counter(
    "shop_refunds", "Refunds that came into a state", ["state"], registry=registry
)
REVIEWS = Counter(
    "shop_reviews",
    "Reviews, and what is added to them, that came into a state",
    ["state"],
    registry=registry,
)
ANOMALIES = Counter(
    "shop_anomalies",
    "Odd money that staff must look at, by its kind",
    ["kind"],
    registry=registry,
)
BILL_CHECKS = Counter(
    "shop_bill_checks",
    "Checks of a day's bill by their result: matched, differences or failed",
    ["result"],
    registry=registry,
)
BILL_DIFFERENCES = Counter(
    "shop_bill_differences",
    "What a bill and the books say differently, by its kind, once each",
    ["kind"],
    registry=registry,
)
NOTIFICATIONS = Counter(
    "shop_notifications",
    "WeChat's payment notifications: accepted, refused or failed; stale ones, which are"
    " refused, once more",
    ["outcome"],
    registry=registry,
)
WECHAT = Histogram(
    "shop_wechat_seconds",
    "Calls to WeChat, and to Kuaidi100: ok, refused, unavailable or not_asked, and how"
    " long they took",
    ["route", "outcome"],
    # A call is given up after 5 s at the latest, a job's after 7 s.
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5),
    registry=registry,
)
CACHE_FAILURES = Counter(
    "shop_cache_failures",
    "Commands that the cache refused or did not answer; one that hangs is left alone"
    " for a second",
    registry=registry,
)


@dataclass
class Call:
    """A call under way; whoever makes it says how it ended."""

    outcome: str = "not_asked"


@contextmanager
def wechat_call(route: str) -> Iterator[Call]:
    """Measure a call, which was not made unless its outcome says more."""
    call, began = Call(), time.perf_counter()
    try:
        yield call
    finally:
        WECHAT.labels(route, call.outcome).observe(time.perf_counter() - began)


def registry_of_all() -> CollectorRegistry:
    """Return the figures of all processes that share the folder, else of this one."""
    if FOLDER_VARIABLE not in os.environ:
        return registry
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
