"""Statements of the hot paths: bound by the server, planned once for a connection.

Django's own cursor writes the values into the text, so that PostgreSQL parses and
plans each statement anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connections


class _PreparedCursor(psycopg.Cursor[Any]):
    """Prepare what it executes; the connection keeps the most recent statements."""

    def execute(
        self, query: Any, params: Any = None, **options: Any
    ) -> "_PreparedCursor":
        return super().execute(query, params, **options | {"prepare": True})


def rows_fetch(
    sql: str,
    values: Sequence[Any] | Mapping[str, Any],
    *,
    using: str = DEFAULT_DB_ALIAS,
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


def _rows(
    connection: Any, sql: str, values: Sequence[Any] | Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    # As Django does before each of its own cursors.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = _PreparedCursor(connection.connection)
    with connection._prepare_cursor(raw) as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    if connection.queries_logged:
        # The driver no longer knows what it sent.
        connection.queries_log[-1]["sql"] = connection.ops.compose_sql(sql, values)
    return found
