"""Leave a route alone for a while when it does not answer.

Per process and in memory: what is lost with it is learnt again by a few calls. One for
each route, so that a bill that fails stops no payment.
"""

import logging
import threading
import time

logger = logging.getLogger(__name__)

# In a row. One lost answer is ordinary; so many hold a thread each.
FAILURES_MAX = 5
REST_SECONDS = 10


class Breaker:
    """Counts the calls in a row that brought no answer."""

    def __init__(self, route: str) -> None:
        """`route` is how logs name it, with whose it is."""
        self._route = route
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0

    def admits(self) -> bool:
        """Let a call pass, after enough failures only one in REST_SECONDS."""
        with self._lock:
            if self._failures < FAILURES_MAX:
                return True
            now = time.monotonic()
            if now < self._rests_until:
                return False
            # This one finds out; the others wait for what it learns.
            self._rests_until = now + REST_SECONDS
            return True

    def answered(self) -> None:
        """Take a refusal for an answer, too: somebody is there."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """Count a call without an answer."""
        with self._lock:
            self._failures += 1
            self._rests_until = time.monotonic() + REST_SECONDS
            is_opened = self._failures == FAILURES_MAX
        if is_opened:
            logger.error("%s does not answer, left alone", self._route)


_breakers: dict[str, Breaker] = {}


def breaker_of(route: str) -> Breaker:
    """Return the one breaker of a route in this process."""
    return _breakers.setdefault(route, Breaker(route))


def breakers_reset() -> None:
    """Forget all failures."""
    _breakers.clear()
