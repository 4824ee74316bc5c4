"""Indexes that migrations make and drop while the shop sells."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from conftest import alone, lock_waiters, wait_until

DROP = import_module("orders.migrations.0024_order_no_index").Migration.operations[0]


@pytest.fixture
def dump(transactional_db: None) -> Iterator[Any]:
    """Hold a snapshot, as a dump does, and no lock that matters."""
    with connection.copy().cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT count(*) FROM orders_order")
        yield cursor
        cursor.connection.close()


def is_valid() -> bool | None:
    """Tell of the index whether it is valid, and None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)",
            [DROP.name],
        )
        found = cursor.fetchone()
    return found and found[0]


@alone
def run(operation: Callable[..., None]) -> None:
    """Run an operation as `migrate` does, whose patience is short."""
    with connection.schema_editor(atomic=False) as editor:
        editor.execute("SET lock_timeout = '50ms'")
        operation("orders", editor, None, None)


def test_an_index_is_dropped_and_made_again_beside_a_dump(dump: Any) -> None:
    def run_beside(operation: Callable[..., None]) -> None:
        dump.execute("SELECT count(*) FROM orders_order")
        running = pool.submit(run, operation)
        wait_until(lambda: running.done() or lock_waiters())
        # A moment for whoever gives up.
        assert wait([running], timeout=0.2).not_done
        dump.execute("COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ")
        running.result()

    with ThreadPoolExecutor(1) as pool:
        run_beside(DROP.database_backwards)
        assert is_valid()
        run_beside(DROP.database_forwards)
        assert is_valid() is None


def test_the_way_back_begins_again_after_a_try_that_was_broken_off(
    transactional_db: None,
) -> None:
    with connection.cursor() as cursor:
        # Another index of that name, as an invalid one is.
        cursor.execute(f"CREATE INDEX {DROP.name} ON orders_order (id)")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(run, DROP.database_backwards).result()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef(to_regclass(%s))", [DROP.name])
            (definition,) = cursor.fetchone()
        pool.submit(run, DROP.database_forwards).result()
    assert definition.endswith("(order_no varchar_pattern_ops)")


def test_sqlmigrate_shows_an_index_and_leaves_the_one_that_is_there(
    transactional_db: None,
) -> None:
    shown = StringIO()
    call_command("sqlmigrate", "orders", "0004", stdout=shown)
    assert shown.getvalue().splitlines()[3:] == [
        "SET lock_timeout = 0;",
        'DROP INDEX CONCURRENTLY IF EXISTS "order_to_ship";',
        'CREATE INDEX CONCURRENTLY "order_to_ship" ON "orders_order" ("id" DESC)'
        " WHERE \"status\" = 'paid';",
        "SELECT set_config('lock_timeout', '3s', false);",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('order_to_ship') IS NOT NULL")
        assert cursor.fetchone() == (True,)
