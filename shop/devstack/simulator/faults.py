"""Faults on order: WeChat and Kuaidi100 slow, broken, silent or saying things twice."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from .messages import Answer, HangUp

ROUTES = (
    "login",
    "token",
    "phone",
    "prepay",
    "query",
    "close",
    "refund",
    "bill",
    "download",
    "message",
    "content",
    "shipping",
    "trace",
    "notify",
)
DEFAULT_SECONDS = {"slow": 10.0, "delay": 10.0, "never": 60.0}
KINDS = (
    "slow",
    "reset",
    "500",
    "html",
    "half_json",
    "drop_reply",
    "duplicate",
    "delay",
    "never",
)
MOST_SECONDS = 600.0

HTML = Answer(
    200, b"<html><body><h1>Service Unavailable</h1></body></html>", "text/html"
)


class FaultInvalid(Exception):
    """An order for a fault that makes no sense; the text says why."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong on one route, once for each of `times`."""

    route: str
    kind: str
    times: int
    seconds: float


def fault_read(wanted: dict[str, object]) -> Fault:
    """Return the fault that is asked for; `times` is 1 unless given.

    Raises:
        FaultInvalid: an unknown route or kind, or a figure out of range.
    """
    route, kind = wanted.get("route"), wanted.get("kind")
    times, seconds = wanted.get("times", 1), wanted.get("seconds")
    if not isinstance(route, str) or route not in ROUTES:
        raise FaultInvalid(f"route is one of {' '.join(ROUTES)}")
    if not isinstance(kind, str) or kind not in KINDS:
        raise FaultInvalid(f"kind is one of {' '.join(KINDS)}")
    if type(times) is not int or times < 1:
        raise FaultInvalid("times is a whole number from 1")
    if seconds is None:
        seconds = DEFAULT_SECONDS.get(kind, 0.0)
    if type(seconds) not in (int, float) or not 0 <= seconds <= MOST_SECONDS:  # type: ignore[operator]
        raise FaultInvalid(f"seconds is a number from 0 to {MOST_SECONDS:.0f}")
    return Fault(route, kind, times, float(seconds))  # type: ignore[arg-type]


class Faults:
    """The faults still to come, first ordered first; they end with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, fault: Fault) -> None:
        """Order a fault, behind those that its route already has."""
        with self._lock:
            self._waiting[fault.route].append(fault)

    def clear(self) -> None:
        """Drop all that is still to come."""
        with self._lock:
            self._waiting.clear()

    def take(self, route: str) -> Fault | None:
        """Return what goes wrong on the route this time and count it down."""
        with self._lock:
            waiting = self._waiting[route]
            if not waiting:
                return None
            fault = waiting.popleft()
            if fault.times > 1:
                waiting.appendleft(replace(fault, times=fault.times - 1))
            return fault


def answer_under(
    fault: Fault | None, act: Callable[[], Answer], *, error: Callable[[], Answer]
) -> Answer:
    """Answer a request with the fault, or as usual without one.

    The request is acted on under slow, delay, half_json, drop_reply and (twice)
    duplicate; under reset, 500, html and never it is not.

    Raises:
        HangUp: the fault ends the connection.
    """
    match fault.kind if fault else "":
        case "slow" | "delay":
            time.sleep(fault.seconds if fault else 0)
        case "reset":
            raise HangUp(reset=True)
        case "500":
            return error()
        case "html":
            return HTML
        case "half_json":
            return _half(act())
        case "drop_reply":
            act()
            raise HangUp(reset=False)
        case "duplicate":
            act()
        case "never":
            time.sleep(fault.seconds if fault else 0)
            raise HangUp(reset=False)
    return act()


def _half(answer: Answer) -> Answer:
    """Cut the body in the middle; its signature stays that of the whole."""
    body = answer.body[: len(answer.body) // 2] or b'{"code'
    return replace(answer, status=answer.status if answer.body else 200, body=body)
