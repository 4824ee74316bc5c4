"""The database engine of the primary, whose health is asked for with a reason."""

import select
import time
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg import IsolationLevel
from psycopg.conninfo import make_conninfo

from shop.primary.watch import WatchedConnection, watch

# What lies between us and the server (a firewall, a pooler) may forget a connection
# that rests, without a word. It does not forget one within seconds.
REST_SECONDS = 5.0
# What Django tells the driver, and libpq does not know.
_DRIVERS_OWN = {"context", "cursor_factory", "prepare_threshold"}


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but that a connection in use is not asked before each request.

    A server that ends a connection (it stops, or an administrator says so) tells the
    socket, and there the shop looks instead. So a request finds out as before, without
    the round trip. A server that says nothing at all is what the watch is for.
    """

    health_check_done: bool
    _asked_at = float("-inf")

    def get_new_connection(self, conn_params: dict[str, Any]) -> WatchedConnection:
        """Connect, for the watch to look after.

        Raises: OperationalError, at once while the server hangs.
        """
        watch.require_answers()
        self.isolation_level = IsolationLevel.READ_COMMITTED
        known = {k: v for k, v in conn_params.items() if k not in _DRIVERS_OWN}
        conninfo = make_conninfo(**known)
        began = time.monotonic()
        try:
            line = WatchedConnection.connect(**conn_params)
        except psycopg.errors.ConnectionTimeout:
            watch.silence_note(conninfo, began)
            raise
        watch.add(line, conninfo)
        return line

    def close_if_health_check_failed(self) -> None:
        """Ask a connection that has rested, or whose server has something to say.

        Django calls it before each statement, so in no process that only forks others.

        Raises: OperationalError, at once while the server hangs.
        """
        watch.begin()
        watch.require_answers()
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
