"""What holds for every call to somebody else: when it may be made, how long it takes.

The one who waits keeps the time, not the socket: a socket's time-outs count anew for
each address and each read, and never for looking up a name.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import requests
from django.db import connections
from django.http import HttpRequest, HttpResponse

from shop.calls.breaker import breaker_of
from shop.metrics import Call, wechat_call

# All calls of one request together; it has 6 s, and a second for everything else.
REQUEST_SECONDS = 5
# With less time left a call would only be lost.
LEAST_SECONDS = 0.5
# An answer takes less; room is worth waiting for until the latest call took as long.
HANGING_SECONDS = 1
# Calls that somebody waits for, and those given up whose sockets have not noticed. One
# that finds no room in time is not made.
CALLS_MAX = 100

_pool = ThreadPoolExecutor(CALLS_MAX, "calls")
_deadline: ContextVar[float | None] = ContextVar("calls_deadline", default=None)
Answer = TypeVar("Answer")


class Callee:
    """Somebody whom requests wait for, `calls_max` at a time in a process.

    `unavailable` is what a call raises that is not made.
    """

    def __init__(
        self, name: str, *, calls_max: int, unavailable: Callable[[], Exception]
    ) -> None:
        self.name = name
        self.unavailable = unavailable
        self._calls_max = calls_max
        self._began: list[float] = []
        self._room = threading.Condition()

    @contextmanager
    def room_taken(self) -> Iterator[None]:
        """Let requests make no more calls at a time than leave threads to others.

        Raises: what `unavailable` makes, when all who have room wait in vain.
        """
        if _deadline.get() is None:
            yield
            return
        with self._room:
            while len(self._began) >= self._calls_max:
                patience = self._began[-1] + HANGING_SECONDS - time.monotonic()
                if patience <= 0:
                    raise self.unavailable()
                self._room.wait(patience)
            began = time.monotonic()
            self._began.append(began)
        try:
            yield
        finally:
            with self._room:
                self._began.remove(began)
                self._room.notify()


@contextmanager
def waiting_budget(seconds: float) -> Iterator[None]:
    """Let all calls within take no longer than `seconds` together."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class WaitingBudgetMiddleware:
    """Give each request its time for calls; jobs and commands have each call's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with waiting_budget(REQUEST_SECONDS):
            return self.get_response(request)


@contextmanager
def calling(route: str, callee: Callee) -> Iterator[Call]:
    """Allow one call, measure it, and learn from how it ends.

    Raises: what the callee's `unavailable` makes, before the call, when there is no
        room, no time left, or the route is left alone; RuntimeError in a transaction,
        which would be held open for as long as others like.
    """
    _require_no_transaction()
    breaker = breaker_of(f"{callee.name}'s {route}")
    with wechat_call(route) as call, callee.room_taken():
        if _seconds_left() < LEAST_SECONDS or not breaker.admits():
            raise callee.unavailable()
        call.outcome = "unavailable"
        try:
            yield call
        finally:
            if call.outcome == "unavailable":
                breaker.failed()
            else:
                breaker.answered()


def in_time(send: Callable[[], Answer], seconds: float) -> Answer:
    """Return what `send` does, run in another thread; it must not use the database.

    Given up, it may still be under way: the request may arrive, and be acted on.

    Raises: TimeoutError, after `seconds` or when the request's time is up; whatever
        `send` raises.
    """
    future = _pool.submit(send)
    try:
        return future.result(min(seconds, _seconds_left()))
    finally:
        # One that has not begun shall not begin when nobody waits any more.
        future.cancel()


def reply_read(response: requests.Response, most_bytes: int) -> bytes:
    """Return the body of an answer that is read as it comes.

    Raises: ValueError, when it is longer than any that is expected.
    """
    raw = b""
    for chunk in response.iter_content(8192):
        raw += chunk
        if len(raw) > most_bytes:
            raise ValueError
    return raw


def _seconds_left() -> float:
    deadline = _deadline.get()
    return float("inf") if deadline is None else deadline - time.monotonic()


def _require_no_transaction() -> None:
    """Refuse where durable=True would; a test case's own transaction is none."""
    for connection in connections.all(initialized_only=True):
        blocks: list[Any] = connection.atomic_blocks
        if any(not block._from_testcase for block in blocks):
            raise RuntimeError("nobody must be called inside a transaction")
