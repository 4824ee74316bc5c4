"""Prepared statements: planned once, counted and failing as any other."""

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shop.statements import rows_fetch

pytestmark = pytest.mark.django_db

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
