"""Statements of the hot paths: bound by the server, planned once for a connection.

Django's own cursor writes the values into the text, so that PostgreSQL parses and
plans each statement anew.
"""

import itertools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connections
from psycopg import postgres
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from shop.primary.watch import NEVER, WatchedConnection

_Values = Sequence[Any] | Mapping[str, Any]
# The text, and the types of its values.
_Statement = tuple[bytes, tuple[int, ...]]
_BIGINT = postgres.types["int8"].oid
_NUMERIC = postgres.types["numeric"].oid
_BIGINTS = range(-(2**63), 2**63)
# The code of PostgreSQL for a prepared statement that it does not have.
_UNKNOWN = b"26000"
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|s|%)")


class _PreparedCursor(psycopg.Cursor[Any]):
    """Prepare what it executes; the connection keeps the most recent statements."""

    def execute(
        self, query: Any, params: Any = None, **options: Any
    ) -> "_PreparedCursor":
        return super().execute(query, params, **options | {"prepare": True})


class _Line:
    """A connection, and what was prepared on it by libpq's own calls.

    A cursor gives up the interpreter for sending, for waiting and for reading, and has
    to get it back from the other threads each time; libpq's call does so once. What is
    prepared stays: the shop has some dozens of such statements.
    """

    def __init__(self, driver: WatchedConnection) -> None:
        self.driver = driver
        self._libpq = driver.pgconn
        self._transformer = Transformer.from_context(driver)
        self._prepared: dict[_Statement, bytes] = {}
        self._numbers = itertools.count()

    def rows(self, sql: str, values: _Values) -> list[tuple[Any, ...]]:
        """Raises: psycopg's errors."""
        text, names = _translated(sql)
        if isinstance(values, Mapping):
            values = [values[name] for name in names]
        types = tuple(_type_of(value) for value in values)
        written = [self._written(value) for value in values]
        result = self._executed((text, types), written)
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def _written(self, value: Any) -> Any:
        """Return a value as text; the commonest kinds without the driver's looking."""
        if type(value) in {int, bool, float}:
            return str(value).encode()
        [written] = self._transformer.dump_sequence([value], [PyFormat.TEXT])
        return written

    def _executed(self, statement: _Statement, written: Any) -> PGresult:
        name = self._prepared.get(statement) or self._prepare(statement)
        result = self._asked(self._libpq.exec_prepared, name, written)
        if result.error_field(DiagnosticField.SQLSTATE) == _UNKNOWN:
            # After a rollback the driver forgets what it has prepared, and has the
            # server forget everything. Nothing was done yet.
            self._prepared.clear()
            name = self._prepare(statement)
            result = self._asked(self._libpq.exec_prepared, name, written)
        return self._checked(result)

    def _prepare(self, statement: _Statement) -> bytes:
        name = f"shop_{next(self._numbers)}".encode()
        self._checked(self._asked(self._libpq.prepare, name, *statement))
        self._prepared[statement] = name
        return name

    def _asked(self, ask: Callable[..., PGresult], *arguments: Any) -> PGresult:
        """Wait for the server under the eyes of the watch."""
        self.driver.asked_at = time.monotonic()
        try:
            return ask(*arguments)
        finally:
            self.driver.asked_at = NEVER

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            self.driver.heard_at = time.monotonic()
            return result
        if self._libpq.status == ConnStatus.BAD:
            # It was lost meanwhile, and libpq itself says so, without a code.
            raise psycopg.OperationalError(result.error_message.decode())
        raise error_from_result(result)


def _type_of(value: Any) -> int:
    """Return the type that a value is bound as; 0 is the one that the statement wants.

    The driver would have three for integers, by how large they are. One that no column
    holds may be asked for all the same, and is found nowhere.
    """
    if type(value) is not int:
        return 0
    return _BIGINT if value in _BIGINTS else _NUMERIC


def rows_fetch(
    sql: str, values: _Values, *, using: str = DEFAULT_DB_ALIAS
) -> list[tuple[Any, ...]]:
    """Execute a statement on the thread's connection; return all its rows.

    The text must be the same each time: what differs belongs into `values`. A `jsonb`
    comes as text. In a transaction or not, as the caller has it; tests count it and
    failures are Django's, as of any other statement.
    Raises: what Django's cursors raise.
    """
    connection: Any = connections[using]
    try:
        return _rows(connection, sql, values)
    except NotSupportedError:
        if connection.in_atomic_block:
            raise
        # A migration has changed a column that was prepared as another type. Nothing
        # was done yet, and a new connection has prepared nothing.
        connection.close()
        return _rows(connection, sql, values)


def _rows(connection: Any, sql: str, values: _Values) -> list[tuple[Any, ...]]:
    # As Django does before each of its own cursors.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    if _needs_cursor(connection):
        return _rows_by_cursor(connection, sql, values)
    with connection.wrap_database_errors:
        return _line_of(connection).rows(sql, values)


def _line_of(connection: Any) -> _Line:
    """Return the line of the driver's connection; Django's own keeps the latest."""
    line: _Line | None = getattr(connection, "shop_line", None)
    if line is None or line.driver is not connection.connection:
        line = connection.shop_line = _Line(connection.connection)
    return line


def _needs_cursor(connection: Any) -> bool:
    """Tell whether a cursor has to send it.

    It begins the transaction, tells those who listen, and waits as a driver of its own
    kind does.
    """
    return bool(
        connection.in_atomic_block
        or not connection.autocommit
        or connection.queries_logged
        or connection.execute_wrappers
        or not isinstance(connection.connection, WatchedConnection)
    )


def _rows_by_cursor(
    connection: Any, sql: str, values: _Values
) -> list[tuple[Any, ...]]:
    with connection.wrap_database_errors:
        raw = _PreparedCursor(connection.connection)
    with connection._prepare_cursor(raw) as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    if connection.queries_logged:
        # The driver no longer knows what it sent.
        connection.queries_log[-1]["sql"] = connection.ops.compose_sql(sql, values)
    return found


@lru_cache(maxsize=512)
def _translated(sql: str) -> tuple[bytes, Sequence[str]]:
    """Return the text as PostgreSQL takes it, and the names of its values, if any."""
    asked = [found[1] for found in _PLACEHOLDER.finditer(sql) if found[0] != "%%"]
    names = list(dict.fromkeys(name for name in asked if name))
    places = iter([names.index(name) if name else n for n, name in enumerate(asked)])

    def number(found: re.Match[str]) -> str:
        return "%" if found[0] == "%%" else f"${next(places) + 1}"

    return _PLACEHOLDER.sub(number, sql).encode(), names
