"""What holds for every call to WeChat: when it may be made, and how long it may take.

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

from django.db import connections
from django.http import HttpRequest, HttpResponse

from shop.metrics import Call, wechat_call
from shop.wechat.breaker import breaker_of
from shop.wechat.errors import WeChatUnavailable

# All calls of one request together; it has 6 s, and a second for everything else.
REQUEST_SECONDS = 5
# With less time left a call would only be lost.
LEAST_SECONDS = 0.5
# Calls of requests at a time in a process: half of its threads at most. The rest
# serve on while WeChat hangs, which nobody knows before the first calls have failed.
REQUEST_CALLS_MAX = 4
# An answer takes less; room is worth waiting for until the latest call took as long.
HANGING_SECONDS = 1
# Calls that somebody waits for, and those given up whose sockets have not noticed. One
# that finds no room in time is not made.
CALLS_MAX = 100

_began: list[float] = []
_room = threading.Condition()
_pool = ThreadPoolExecutor(CALLS_MAX, "wechat")
_deadline: ContextVar[float | None] = ContextVar("wechat_deadline", default=None)
Answer = TypeVar("Answer")


@contextmanager
def waiting_budget(seconds: float) -> Iterator[None]:
    """Let all calls within take no longer than `seconds` together."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class WaitingBudgetMiddleware:
    """Give each request its time for WeChat; jobs and commands have each call's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with waiting_budget(REQUEST_SECONDS):
            return self.get_response(request)


@contextmanager
def calling(route: str) -> Iterator[Call]:
    """Allow one call, measure it, and learn from how it ends.

    Raises: WeChatUnavailable before the call, when there is no room, no time left, or
        the route is left alone; RuntimeError in a transaction, which would be held open
        for as long as WeChat likes.
    """
    _require_no_transaction()
    breaker = breaker_of(route)
    with wechat_call(route) as call, _room_taken(call):
        if _seconds_left() < LEAST_SECONDS:
            raise WeChatUnavailable
        breaker.admit()
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

    Given up, it may still be under way: WeChat may get the request, and act on it.

    Raises: TimeoutError, after `seconds` or when the request's time is up; whatever
        `send` raises.
    """
    future = _pool.submit(send)
    try:
        return future.result(min(seconds, _seconds_left()))
    finally:
        # One that has not begun shall not begin when nobody waits any more.
        future.cancel()


@contextmanager
def _room_taken(call: Call) -> Iterator[None]:
    """Let requests make no more calls at a time than leave threads to serve others.

    Raises: WeChatUnavailable, when all who have room wait in vain.
    """
    call.outcome = "not_asked"
    if _deadline.get() is None:
        yield
        return
    with _room:
        while len(_began) >= REQUEST_CALLS_MAX:
            patience = _began[-1] + HANGING_SECONDS - time.monotonic()
            if patience <= 0:
                raise WeChatUnavailable
            _room.wait(patience)
        began = time.monotonic()
        _began.append(began)
    try:
        yield
    finally:
        with _room:
            _began.remove(began)
            _room.notify()


def _seconds_left() -> float:
    deadline = _deadline.get()
    return float("inf") if deadline is None else deadline - time.monotonic()


def _require_no_transaction() -> None:
    """Refuse where durable=True would; a test case's own transaction is none."""
    for connection in connections.all(initialized_only=True):
        blocks: list[Any] = connection.atomic_blocks
        if any(not block._from_testcase for block in blocks):
            raise RuntimeError("WeChat must not be called inside a transaction")
