"""The watch on the primary: a server that hangs is noticed, and waited for no longer.

PostgreSQL's own timeouts are of no help when the server itself stands still, and a
timeout of ours would have to be longer than the wait for a lock. So a statement that
takes long is a reason to find out whether the server says anything to a newcomer, or
has said anything to somebody else meanwhile.
"""

import logging
import os
import select
import socket
import threading
import time
import weakref
from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError
from psycopg import pq
from psycopg.pq import PollingStatus

logger = logging.getLogger(__name__)

# A statement of the shop takes milliseconds; one that waits for a lock takes seconds.
SUSPECT_SECONDS = 1.0
# With the above, and a moment for what comes after, under the 3 s that a request has.
ANSWER_SECONDS = 1.0
# Where statements may take as long as they take: to be wrong because the machine was
# busy for a moment would end an index that has been made for minutes.
PATIENT_SECONDS = 30.0
_TICK_SECONDS = 0.2
NEVER = float("inf")
_EVENTS: dict[int, int] = {
    PollingStatus.READING: select.POLLIN,
    PollingStatus.WRITING: select.POLLOUT,
}


class WatchedConnection(psycopg.Connection[Any]):
    """Tells since when it waits for the server, and can be kept from waiting on."""

    # By the monotonic clock: since when it waits (in all future while nothing is
    # asked), and when the server said something last.
    asked_at = NEVER
    heard_at = -NEVER

    def __init__(self, pgconn: pq.abc.PGconn, *args: Any) -> None:
        super().__init__(pgconn, *args)
        # A handle of our own: libpq closes its own when it likes, and the number may
        # be somebody else's by then.
        self._handle = socket.socket(fileno=os.dup(pgconn.socket))
        self.heard_at = time.monotonic()

    def close(self) -> None:
        super().close()
        self._handle.close()

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        self.asked_at = time.monotonic()
        try:
            result = super().wait(gen, *args, **kwargs)
        finally:
            self.asked_at = NEVER
        self.heard_at = time.monotonic()
        return result

    def cut(self) -> None:
        """End the line: whoever waits in libpq gets an OperationalError at once."""
        try:
            self._handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            # Lost or closed by now.
            return


class PrimaryWatch:
    """What this process knows of the primary, and a thread that finds out."""

    def __init__(self) -> None:
        self._lines: weakref.WeakSet[WatchedConnection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread = threading.Thread()
        self._conninfo = ""
        self._heard_at = 0.0
        self._hangs = False

    def add(self, line: WatchedConnection, conninfo: str) -> None:
        """Look after a connection for as long as it is there."""
        with self._lock:
            self._lines.add(line)
        self._conninfo = conninfo

    def require_answers(self) -> None:
        """Refuse at once what would wait for a server that is known to hang.

        Raises: Django's OperationalError.
        """
        if self._hangs:
            raise OperationalError("the database hangs")

    def silence_note(self, conninfo: str, since: float) -> None:
        """Take a connection that could not be made in time for a server that hangs.

        Unless it has said something to others since: then it has too much to do.
        """
        self._conninfo = conninfo
        if self._last_heard() < since:
            self._note(hangs=True)
        self.begin()

    def begin(self) -> None:
        """Let the thread run; it may have ended with the process that forked this."""
        if self._thread.is_alive():
            return
        with self._lock:
            if not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            if self._hangs or self._suspects():
                since = time.monotonic()
                answers = _answers(self._conninfo)
                self._note(hangs=not answers and self._last_heard() < since)
            if self._hangs:
                for line in self._suspects():
                    line.cut()

    def _suspects(self) -> list[WatchedConnection]:
        """Return those that have waited for long, while nothing else was heard."""
        until = time.monotonic() - SUSPECT_SECONDS
        if self._last_heard() >= until:
            return []
        return [line for line in self._all() if line.asked_at < until]

    def _last_heard(self) -> float:
        """Return when the server has said something to anybody in this process."""
        return max([self._heard_at, *(line.heard_at for line in self._all())])

    def _all(self) -> list[WatchedConnection]:
        with self._lock:
            return list(self._lines)

    def _note(self, *, hangs: bool) -> None:
        if hangs != self._hangs:
            logger.error("database %s", "hangs" if hangs else "answers again")
        if not hangs:
            self._heard_at = time.monotonic()
        self._hangs = hangs


def _patience() -> float:
    """Return how many seconds the server has to say something to a newcomer."""
    is_bounded = settings.DATABASE_STATEMENT_TIMEOUT_SECONDS > 0
    return ANSWER_SECONDS if is_bounded else PATIENT_SECONDS


def _answers(conninfo: str) -> bool:
    """Tell whether the server says anything, be it a refusal, to a new connection."""
    patience_ms = _patience() * 1000
    was_heard = False
    newcomer = pq.PGconn.connect_start(conninfo.encode())
    try:
        while (state := newcomer.connect_poll()) in _EVENTS:
            poll = select.poll()
            poll.register(newcomer.socket, _EVENTS[state])
            # Each wait has all of it: time in which this process did not run is no
            # silence of the server's.
            if not poll.poll(patience_ms):
                return was_heard
            was_heard = was_heard or state == PollingStatus.READING
        return True
    finally:
        newcomer.finish()


watch = PrimaryWatch()
