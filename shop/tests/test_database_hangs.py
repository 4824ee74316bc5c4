"""A PostgreSQL that takes connections and says nothing is not waited for."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, close_old_connections, connection
from rest_framework.test import APIClient

from conftest import PATIENCE_SECONDS, alone, wait_until
from shop.statements import rows_fetch
from shop.tests.conftest import assert_envelope
from shop.tests.stalling import StallingLine

pytestmark = pytest.mark.django_db(transaction=True)

LONGEST_SECONDS = 3


def by_statement() -> int:
    return int(rows_fetch("SELECT 1", [])[0][0])


def by_cursor() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return int(cursor.fetchone()[0])


def answers() -> bool:
    # As Django does between two requests.
    close_old_connections()
    try:
        return by_cursor() == 1
    except OperationalError:
        return False


both = pytest.mark.parametrize("ask", [by_statement, by_cursor])


@pytest.fixture
def line(monkeypatch: Any) -> Iterator[StallingLine]:
    """Lead this thread's connection over a line that can stand still."""
    settings = connection.settings_dict
    connection.close()
    with (
        StallingLine(int(settings["PORT"])) as stalling,
        monkeypatch.context() as patch,
    ):
        patch.setitem(settings, "PORT", str(stalling.port))
        yield stalling
        stalling.go_on()
        # The watch is this process's: the next test shall find it content.
        wait_until(answers)
        connection.close()


def refused(act: Callable[[], Any]) -> float:
    """Return how long it took to fail, as a database that is away does."""
    began = time.monotonic()
    with pytest.raises(OperationalError):
        act()
    return time.monotonic() - began


@both
def test_a_statement_without_an_answer_ends_in_time(
    line: StallingLine, ask: Callable[[], int]
) -> None:
    assert ask() == 1
    line.stall()
    assert refused(ask) < LONGEST_SECONDS
    # Known by now: nobody else waits, be it on a new connection.
    with pytest.raises(OperationalError, match="the database hangs"):
        ask()
    line.go_on()
    wait_until(answers)
    assert ask() == 1


def test_a_connection_without_an_answer_ends_in_time(line: StallingLine) -> None:
    line.stall()
    assert refused(by_cursor) < LONGEST_SECONDS
    with pytest.raises(OperationalError, match="the database hangs"):
        by_statement()


def test_requests_are_refused_and_then_served_again(
    line: StallingLine, api: APIClient, shopper_api: APIClient
) -> None:
    assert shopper_api.get("/api/orders").status_code == 200
    line.stall()
    for ask in (
        lambda: shopper_api.get("/api/orders"),
        lambda: shopper_api.post("/api/orders", {}, format="json"),
        lambda: api.get("/api/products?keyword=x"),
    ):
        began = time.monotonic()
        response = ask()
        assert time.monotonic() - began < LONGEST_SECONDS
        assert_envelope(response, 503, "unavailable", "服务暂时不可用,请稍后再试")
        assert response.headers["Retry-After"] == "2"
    line.go_on()
    wait_until(answers)
    assert shopper_api.get("/api/orders").status_code == 200


def test_a_long_statement_of_a_server_that_answers_is_left_alone(
    line: StallingLine,
) -> None:
    assert rows_fetch("SELECT 1 FROM pg_sleep(%s)", [1.8]) == [(1,)]


class Asker(threading.Thread):
    """Asks and gets its answers, over a connection of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.is_connected = threading.Event()
        self.is_done = threading.Event()

    @alone
    def run(self) -> None:
        while not self.is_done.wait(0.1):
            by_statement()
            self.is_connected.set()


@pytest.fixture
def asker(line: StallingLine) -> Iterator[Asker]:
    """Somebody who came before newcomers were left alone."""
    thread = Asker()
    thread.start()
    assert thread.is_connected.wait(PATIENCE_SECONDS)
    yield thread
    thread.is_done.set()
    thread.join()


def test_a_server_that_answers_others_is_busy_and_does_not_hang(
    line: StallingLine, asker: Asker
) -> None:
    """Be it that a newcomer hears nothing: so do many of them at once."""
    assert by_statement() == 1
    line.admit_nobody()
    assert rows_fetch("SELECT 1 FROM pg_sleep(%s)", [3]) == [(1,)]
    # Who comes gets in or not; those who are in go on.
    connection.close()
    with pytest.raises(OperationalError, match="timeout expired"):
        by_statement()
    line.go_on()
    assert by_statement() == 1


def test_what_may_take_long_outlives_a_server_that_is_busy_for_a_moment(
    line: StallingLine, settings: Any, monkeypatch: Any
) -> None:
    """Such as a migration, and the worker."""
    settings.DATABASE_STATEMENT_TIMEOUT_SECONDS = 0
    for limit in ("SUSPECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(f"shop.primary.watch.{limit}", 0.1)
    assert by_statement() == 1
    line.stall()
    end = threading.Timer(1.0, line.go_on)
    end.start()
    assert by_statement() == 1
    end.join()


def test_a_line_that_was_cut_without_a_word_does_not_live_for_ever() -> None:
    connection.ensure_connection()
    with socket.socket(fileno=connection.connection.fileno()) as own:
        option = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        keeps = own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        own.detach()
    assert (option, keeps) == (15_000, 1)
