"""The database engine of the primary, whose health is asked for with a reason."""

import select
import time
from typing import Any

from django.db.backends.postgresql import base

# What lies between us and the server (a firewall, a pooler) may forget a connection
# that rests, without a word. It does not forget one within seconds.
REST_SECONDS = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but that a connection in use is not asked before each request.

    A server that ends a connection (it stops, or an administrator says so) tells the
    socket, and there the shop looks instead. So a request finds out as before, without
    the round trip.
    """

    health_check_done: bool
    _asked_at = float("-inf")

    def close_if_health_check_failed(self) -> None:
        """Ask a connection that has rested, or whose server has something to say."""
        if self.connection is None or self.health_check_done:
            return
        now = time.monotonic()
        has_rested = now - self._asked_at > REST_SECONDS
        self._asked_at = now
        if has_rested or not _is_silent(self.connection):
            super().close_if_health_check_failed()
        self.health_check_done = True


def _is_silent(connection: Any) -> bool:
    """Tell whether nothing came: between statements a server has nothing to send."""
    if connection.closed:
        return False
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    return not socket.poll(0)
