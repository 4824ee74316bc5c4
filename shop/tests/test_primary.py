"""Connections to the primary: not asked while in use, and replaced once they died."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import close_old_connections, connection
from psycopg.conninfo import make_conninfo
from rest_framework.test import APIClient

from accounts.models import User
from shop.primary.base import REST_SECONDS
from shop.statements import rows_fetch

pytestmark = pytest.mark.django_db(transaction=True)


def by_statement() -> int:
    return int(rows_fetch("SELECT pg_backend_pid()", [])[0][0])


def by_cursor() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


both = pytest.mark.parametrize("ask", [by_statement, by_cursor])


def round_trips(act: Callable[[], Any], tmp_path: Path) -> int:
    """Return how often the server was asked during an act: libpq writes it down."""
    trace = tmp_path / "trace"
    with trace.open("w") as file:
        connection.connection.pgconn.trace(file.fileno())
        act()
        connection.connection.pgconn.untrace()
    return trace.read_text().count("ReadyForQuery")


def terminate(pid: int) -> None:
    """End a connection from outside; come back when the server has done so."""
    settings = connection.settings_dict
    url = make_conninfo(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
    )
    with psycopg.connect(url, autocommit=True) as other:
        assert other.execute(
            "SELECT pg_terminate_backend(%s, 60000)", [pid]
        ).fetchone() == (True,)


@pytest.fixture
def clock(monkeypatch: Any) -> SimpleNamespace:
    """The clock by which a connection rests; it stands still."""
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(
        "shop.primary.base.time", SimpleNamespace(monotonic=lambda: now.seconds)
    )
    return now


@both
def test_a_connection_in_use_is_not_asked_first(
    ask: Callable[[], int], clock: SimpleNamespace, tmp_path: Path
) -> None:
    ask()
    for pause in (0, REST_SECONDS, REST_SECONDS):
        close_old_connections()
        ask()
        clock.seconds += pause
    close_old_connections()
    assert round_trips(ask, tmp_path) == 1


@both
def test_one_that_has_rested_is_asked_once_in_a_request(
    ask: Callable[[], int], clock: SimpleNamespace, tmp_path: Path
) -> None:
    ask()
    close_old_connections()
    ask()
    close_old_connections()
    clock.seconds += REST_SECONDS + 0.1
    assert round_trips(lambda: [ask(), ask()], tmp_path) == 3


@both
def test_one_that_the_server_ended_is_replaced_before_the_first_statement(
    ask: Callable[[], int], clock: SimpleNamespace
) -> None:
    pid = ask()
    close_old_connections()
    assert ask() == pid
    for _ in range(2):
        terminate(pid)
        close_old_connections()
        pid, ended = ask(), pid
        assert pid != ended


def test_a_shopper_is_answered_after_the_server_ended_the_connection(
    shopper_api: APIClient, shopper: User, clock: SimpleNamespace
) -> None:
    pid = by_statement()
    close_old_connections()
    assert shopper_api.get("/api/auth/user").status_code == 200
    terminate(pid)
    close_old_connections()
    answer = shopper_api.get("/api/auth/user")
    assert (answer.status_code, answer.json()["data"]["id"]) == (200, shopper.pk)


def test_one_that_is_closed_on_our_side_is_replaced(clock: SimpleNamespace) -> None:
    pid = by_statement()
    close_old_connections()
    connection.connection.close()
    assert by_statement() != pid
