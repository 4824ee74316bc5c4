"""migrate against a table that is in use: it gives up, and a later run succeeds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_migrate

from conftest import wait_until
from shop.tests.databases import empty_database
from shop.tests.test_start import start

MIGRATE = ("manage.py", "migrate", "catalog")
BRIEFLY = ("--lock-timeout", "0.1", "--tries", "2")


@pytest.fixture
def fresh_url() -> Iterator[str]:
    """A database of its own, without a table."""
    with empty_database(f"migrate_{uuid4().hex}") as url:
        yield url


def functions(url: str) -> int:
    """Count what the second migration makes."""
    with psycopg.connect(url) as database:
        row = database.execute(
            "SELECT count(*) FROM pg_proc WHERE proname LIKE 'catalog_search_%'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_it_gives_up_and_a_later_run_succeeds(fresh_url: str) -> None:
    settings = {"DATABASE_URL": fresh_url, "DATABASE_LOCK_TIMEOUT_SECONDS": "60"}
    assert start((*MIGRATE, "0001"), **settings).returncode == 0
    second = (*MIGRATE, "0002", *BRIEFLY)
    with psycopg.connect(fresh_url) as holder:
        holder.execute("LOCK TABLE catalog_product IN ROW EXCLUSIVE MODE")
        run = start(second, **settings)
        assert run.returncode == 1
        assert run.stderr == (
            "a table is in use; tries left: 1\n"
            "CommandError: gave up: another session holds a lock on a table. The"
            " statement that waited has changed nothing; run migrate again\n"
        )
        assert functions(fresh_url) == 0
    run = start(second, **settings)
    assert (run.returncode, run.stderr) == (0, "")
    assert functions(fresh_url) > 0


def indexes(url: str) -> list[tuple[bool]]:
    """Tell of the index that is made while the shop sells whether it is valid."""
    with psycopg.connect(url) as database:
        return database.execute(
            "SELECT indisvalid FROM pg_index"
            " WHERE indexrelid = to_regclass('order_to_ship')"
        ).fetchall()


def test_an_index_waits_for_older_transactions_and_can_be_begun_again(
    fresh_url: str,
) -> None:
    settings = {"DATABASE_URL": fresh_url}
    migrate = ("manage.py", "migrate", "orders")
    assert start((*migrate, "0003"), **settings).returncode == 0
    with psycopg.connect(fresh_url, autocommit=True) as broken:
        # What a try that was killed leaves behind: another index of that name.
        broken.execute("CREATE INDEX order_to_ship ON orders_order (id)")
    with (
        psycopg.connect(fresh_url) as dump,
        psycopg.connect(fresh_url, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        # It holds a snapshot, as a dump does, and no lock: to drop the index that is
        # left behind waits for locks alone.
        dump.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        dump.execute("SELECT 1")
        running = pool.submit(start, (*migrate, "0004", *BRIEFLY), **settings)
        wait_until(lambda: running.done() or is_waiting(watcher, "CREATE INDEX"))
        assert not running.done()
        dump.rollback()
        run = running.result()
    assert (run.returncode, run.stderr) == (0, "")
    assert indexes(fresh_url) == [(True,)]


def is_waiting(watcher: psycopg.Connection[Any], statement: str) -> bool:
    found = watcher.execute(
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE %s",
        [f"{statement}%"],
    )
    return found.fetchone() is not None


def test_a_writer_of_products_and_the_searchs_columns_do_not_deadlock(
    fresh_url: str,
) -> None:
    settings = {"DATABASE_URL": fresh_url}
    assert start((*MIGRATE, "0010"), **settings).returncode == 0
    with (
        psycopg.connect(fresh_url) as writer,
        psycopg.connect(fresh_url, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        # So that it would be the one to find out.
        writer.execute("SET deadlock_timeout = '10ms'")
        # As a write of a product does, and then its trigger.
        writer.execute("LOCK TABLE catalog_product IN ROW EXCLUSIVE MODE")
        running = pool.submit(start, (*MIGRATE, "0011"), **settings)
        wait_until(lambda: running.done() or is_waiting(watcher, ""))
        writer.execute("DELETE FROM catalog_productsearch")
        writer.commit()
        run = running.result()
    assert (run.returncode, run.stderr) == (0, "")


def limits() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'),"
            " current_setting('statement_timeout')"
        )
        lock, statement = cursor.fetchone()
    return lock, statement


@pytest.mark.usefixtures("transactional_db")
def test_its_own_limits_hold_while_it_runs() -> None:
    """What the environment says is for the web program, and holds again afterwards."""
    seen = []

    def look(**kwargs: object) -> None:
        seen.append(limits())

    before = limits()
    post_migrate.connect(look)
    try:
        call_command("migrate", verbosity=0)
    finally:
        post_migrate.disconnect(look)
    assert set(seen) == {("2s", "0")}
    assert before == limits() == ("3s", "5s")
