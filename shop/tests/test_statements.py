"""Prepared statements: planned once, counted and failing as any other."""

import gc
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import (
    DataError,
    NotSupportedError,
    OperationalError,
    connection,
    transaction,
)
from django.test.utils import CaptureQueriesContext

from shop.statements import rows_fetch

pytestmark = pytest.mark.django_db

NAMES = "SELECT name FROM scratch"
WIDEN = "ALTER TABLE scratch ALTER name TYPE varchar(9)"
NAMED = {"a": "甲", "b": "乙"}
ID = UUID(int=5)
DOUBLE = "SELECT %s::integer * 2 /* doubled */"


def prepared() -> list[tuple[str, int]]:
    """Return what the connection has prepared, and how often each was executed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement, generic_plans + custom_plans"
            " FROM pg_prepared_statements WHERE statement LIKE '%doubled%'"
        )
        return cursor.fetchall()


def test_a_statement_is_planned_once_for_all_values() -> None:
    assert [rows_fetch(DOUBLE, [n]) for n in (1, 2, 3)] == [[(2,)], [(4,)], [(6,)]]
    assert prepared() == [("SELECT $1::integer * 2 /* doubled */", 3)]


def test_values_may_have_names() -> None:
    assert rows_fetch("SELECT %(n)s::text || %(n)s::text", {"n": "茶"}) == [("茶茶",)]


def test_it_is_logged_with_its_values_as_any_other() -> None:
    with CaptureQueriesContext(connection) as captured:
        rows_fetch(DOUBLE, [7])
    assert [query["sql"] for query in captured] == [
        "SELECT 7::integer * 2 /* doubled */"
    ]


def test_a_failure_is_djangos() -> None:
    with pytest.raises(DataError), transaction.atomic():
        rows_fetch("SELECT 1 / %s::integer", [0])
    assert rows_fetch(DOUBLE, [1]) == [(2,)]


@pytest.fixture
def scratch(transactional_db: None) -> Iterator[None]:
    elsewhere("CREATE TABLE scratch AS SELECT '茶'::varchar(1) AS name")
    yield
    elsewhere("DROP TABLE scratch")


def elsewhere(sql: str) -> None:
    """Execute a statement as another process does: what this one prepared stays."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(sql)
    other.close()


def test_a_column_whose_type_changes_is_read_on(scratch: None) -> None:
    assert rows_fetch(NAMES, ()) == [("茶",)]
    elsewhere(WIDEN)
    assert rows_fetch(NAMES, ()) == [("茶",)]


def test_in_a_transaction_it_fails_once(scratch: None) -> None:
    with transaction.atomic():
        assert rows_fetch(NAMES, ()) == [("茶",)]
    elsewhere(WIDEN)
    with pytest.raises(NotSupportedError), transaction.atomic():
        rows_fetch(NAMES, ())
    # The driver prepares anew after a rollback.
    with transaction.atomic():
        assert rows_fetch(NAMES, ()) == [("茶",)]


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_it_is_the_same() -> None:
    """There libpq's own call is used."""
    assert [rows_fetch(DOUBLE, [n]) for n in (1, 2**31 - 1 >> 1)] == [
        [(2,)],
        [(2**31 - 2,)],
    ]
    assert prepared() == [("SELECT $1::integer * 2 /* doubled */", 2)]
    assert rows_fetch(
        "SELECT %(b)s::text, '%%', %(a)s::text || %(b)s::text", NAMED
    ) == [("乙", "%", "甲乙")]
    sums = "SELECT n FROM generate_series(1, 9) AS n OFFSET %s + %s LIMIT %s"
    assert rows_fetch(sums, [1, 2, 1]) == rows_fetch(sums, [0, 3, 1]) == [(4,)]
    either = "SELECT coalesce(%s, %s) + 1"
    assert rows_fetch(either, [None, 5]) == rows_fetch(either, [5, 4]) == [(6,)]
    assert rows_fetch("SELECT 'of no name'", NAMED) == [("of no name",)]
    assert rows_fetch("SELECT 1 WHERE 1 = ANY(%s::bigint[])", [[2**40, 1]]) == [(1,)]
    with pytest.raises(DataError):
        rows_fetch("SELECT 1 / %s::integer", [0])
    assert rows_fetch("SELECT %s::uuid, %s::text IS NULL", [ID, None]) == [(ID, True)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("bigint", number) for number in (0, -1, 2**63 - 1, -(2**63))),
        *(("boolean", truth) for truth in (True, False)),
        *(("float8", number) for number in (0.1, -1e300, 1.7957e9, float("inf"))),
        ("numeric", Decimal("1.10")),
        ("timestamptz", datetime(2030, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
    ],
)
def test_a_value_arrives_as_it_is_in_and_outside_of_a_transaction(
    kind: str, value: Any
) -> None:
    sql = f"SELECT %s::{kind}"
    assert rows_fetch(sql, [value]) == [(value,)]
    with transaction.atomic():
        assert rows_fetch(sql, [value]) == [(value,)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**22])
def test_a_number_that_no_column_holds_is_found_nowhere(number: int) -> None:
    assert rows_fetch("SELECT 1 FROM django_migrations WHERE id = %s", [number]) == []


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_djangos_failure_and_the_next_one_new() -> None:
    [(pid,)] = rows_fetch("SELECT pg_backend_pid()", [])
    elsewhere(f"SELECT pg_terminate_backend({pid}, 5000)")
    with pytest.raises(OperationalError):
        rows_fetch(DOUBLE, [1])
    connection.close_if_unusable_or_obsolete()
    assert rows_fetch(DOUBLE, [1]) == [(2,)]


@pytest.mark.django_db(transaction=True)
def test_what_the_driver_has_the_server_forget_is_prepared_again() -> None:
    """After a rollback it does so, if it has prepared anything itself."""
    assert rows_fetch(DOUBLE, [1]) == [(2,)]
    with transaction.atomic():
        rows_fetch(DOUBLE, [1])
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert prepared() == []
    for _ in range(2):
        assert rows_fetch(DOUBLE, [1]) == [(2,)]
    assert prepared() == [("SELECT $1::integer * 2 /* doubled */", 2)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_is_not_kept() -> None:
    rows_fetch(DOUBLE, [1])
    gone = weakref.ref(connection.connection)
    connection.close()
    rows_fetch(DOUBLE, [1])
    gc.collect()
    assert gone() is None
