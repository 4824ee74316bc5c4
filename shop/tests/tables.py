"""What stands in the database: every row of every table, to be compared."""

import json
from collections import Counter
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Identifier, Literal

from conftest import KEPT_TABLES

Rows = dict[str, Counter[str]]


def rows() -> Rows:
    """Return each table's rows, as PostgreSQL writes them."""
    with connection.cursor() as cursor:
        names = [
            name
            for name in connection.introspection.table_names(cursor)
            if name not in KEPT_TABLES
        ]
        cursor.execute(
            SQL(" UNION ALL ").join(
                SQL("SELECT {}, to_jsonb(t)::text FROM {} t").format(
                    Literal(name), Identifier(name)
                )
                for name in sorted(names)
            )
        )
        found: Rows = {name: Counter() for name in names}
        for name, row in cursor.fetchall():
            found[name][row] += 1
    return found


def changes(before: Rows, after: Rows) -> dict[str, list[str]]:
    """Return the rows that went ("-"), came ("+") or changed (both), by table."""
    return {
        name: [
            *(f"- {row}" for row in before[name] - after[name]),
            *(f"+ {row}" for row in after[name] - before[name]),
        ]
        for name in before
        if before[name] != after[name]
    }


def columns(found: Rows) -> dict[str, list[str]]:
    """Return the values of each column, in an order that no id decides."""
    values: dict[str, list[str]] = {}
    for name, texts in found.items():
        for text in texts.elements():
            row: dict[str, Any] = json.loads(text)
            for column, value in row.items():
                values.setdefault(f"{name}.{column}", []).append(json.dumps(value))
    return {name: sorted(each) for name, each in values.items()}
