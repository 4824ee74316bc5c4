"""Public reads go to the replica while it is fit; everything else to the primary."""

import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    OperationalError,
    connection,
    connections,
)

logger = logging.getLogger(__name__)

REPLICA = "replica"
# One question a second for each process, whatever the load.
CHECK_SECONDS = 1.0
# A question to one that hangs takes seconds: one request in this time pays for it.
REST_SECONDS = 5.0

_FAILURES = (OperationalError, InterfaceError)
_database: ContextVar[str] = ContextVar("database", default=DEFAULT_DB_ALIAS)

# Fit: replaying, and either up to date with a primary that it hears, or within the
# bound. A promoted one has a history of its own. Needs no privilege.
_IS_FIT = """
SELECT pg_is_in_recovery() AND coalesce(
    (
        pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn()
        AND EXISTS (SELECT FROM pg_stat_wal_receiver)
    )
    OR now() - pg_last_xact_replay_timestamp() <= %s * interval '1 second',
    false
)
"""

P = ParamSpec("P")
R = TypeVar("R")


class ReplicaRouter:
    """Django's router: reads follow `replica_read`, writes never do."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Name the database; a transaction has to see what it wrote itself."""
        name = _database.get()
        if name == DEFAULT_DB_ALIAS or connection.in_atomic_block:
            return DEFAULT_DB_ALIAS
        return name

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Name the primary, for rows that came from the replica too."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *rows: Any, **hints: Any) -> bool:
        """Both databases hold the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Tables come to the replica by replication."""
        return db == DEFAULT_DB_ALIAS


class ReplicaWatch:
    """What this process knows of the replica; asked at most once in CHECK_SECONDS."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._is_fit = False
        self._due_at = 0.0

    def is_fit(self) -> bool:
        """Say whether to read from it; one thread asks, others take the last answer."""
        if REPLICA not in connections:
            return False
        if time.monotonic() >= self._due_at and self._asking.acquire(blocking=False):
            try:
                self._answer_note(is_fit=self._ask())
            finally:
                self._asking.release()
        return self._is_fit

    def failure_note(self) -> None:
        """Take a read that failed for the answer that it is not fit."""
        connections[REPLICA].close()
        self._answer_note(is_fit=False)

    def _ask(self) -> bool:
        try:
            with connections[REPLICA].cursor() as cursor:
                cursor.execute(_IS_FIT, [settings.DATABASE_REPLICA_MAX_LAG_SECONDS])
                return bool(cursor.fetchone()[0])
        except _FAILURES as error:
            logger.warning("replica away: %s", type(error.__cause__ or error).__name__)
            connections[REPLICA].close()
            return False

    def _answer_note(self, *, is_fit: bool) -> None:
        if is_fit != self._is_fit:
            logger.warning("replica %s", "in use" if is_fit else "out of use")
        self._is_fit = is_fit
        self._due_at = time.monotonic() + (CHECK_SECONDS if is_fit else REST_SECONDS)


watch = ReplicaWatch()


def replica_read(read: Callable[P, R]) -> Callable[P, R]:
    """Let a function read from the replica; when that fails, again from the primary.

    For what everybody may see and nobody has just written. It must do nothing else
    than read.
    """

    @wraps(read)
    def routed(*args: P.args, **kwargs: P.kwargs) -> R:
        return replica_call(read, *args, **kwargs)

    return routed


def replica_call(read: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function as `replica_read` has it."""
    if watch.is_fit():
        token = _database.set(REPLICA)
        try:
            return read(*args, **kwargs)
        except _FAILURES as error:
            logger.warning(
                "replica failed: %s", type(error.__cause__ or error).__name__
            )
            watch.failure_note()
        finally:
            _database.reset(token)
    return read(*args, **kwargs)
