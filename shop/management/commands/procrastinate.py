"""The worker, which outlives a database that is away for a while."""

import logging
import signal
import time
from typing import Any

import psycopg
from django.db import OperationalError, connection
from procrastinate.contrib.django.management.commands import procrastinate
from procrastinate.utils import causes

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 1
# The pool's own are of the first kind.
_DATABASE_AWAY = (psycopg.OperationalError, psycopg.InterfaceError)


class Command(procrastinate.Command):
    """Procrastinate's own, but that a worker begins anew when it lost its database.

    Its worker ends with the first heartbeat that can't be written.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command; a worker until somebody stops it."""
        is_lasting = options.get("command") == "worker" and options.get("wait", True)
        if not is_lasting:
            super().handle(*args, **options)
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        try:
            while True:
                self._work(*args, **options)
                _database_await()
        except KeyboardInterrupt:
            # The running job has ended by now.
            return

    def _work(self, *args: Any, **options: Any) -> None:
        """Work until the database goes away.

        Raises: KeyboardInterrupt, when asked to stop; SystemExit, for what waiting
        does not mend.
        """
        try:
            super().handle(*args, **options, install_signal_handlers=False)
        except SystemExit as end:
            if not any(isinstance(one, _DATABASE_AWAY) for one in causes(end)):
                raise
        logger.error("worker lost its database")


def _database_await() -> None:
    """Come back when the database answers."""
    while True:
        time.sleep(_PAUSE_SECONDS)
        try:
            connection.ensure_connection()
        except OperationalError:
            continue
        connection.close()
        logger.warning("worker has its database again")
        return
