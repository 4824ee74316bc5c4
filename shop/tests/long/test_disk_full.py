"""PostgreSQL's disk fills up under a shop that sells: refused, whole, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

from shop.devstack.postgres import account_own
from shop.tests.full_disk import disk_mounted
from shop.tests.long.running import CALLERS, Caller, Shop, Told, together
from shop.tests.test_start import start
from torture.findings import findings_record

pytestmark = pytest.mark.timeout(300)

DISK_BYTES = 1024 * 1024
# An order writes into each of them.
TABLES = ("orders_order", "orders_orderitem", "orders_orderevent")
ORDERS_MAX = 3000


@contextmanager
def little_room(shop: Shop, folder: Path) -> Iterator[str]:
    """Leave little room for what orders write; say whose disk that is.

    Who may not mount one gets PostgreSQL's own error for it, from as many bytes on.
    """
    with (
        disk_mounted(folder, DISK_BYTES) as is_mounted,
        psycopg.connect(shop.postgres.url, autocommit=True) as session,
    ):
        for table in TABLES:
            # Without the room that rows of other tests have left in it.
            session.execute(SQL("VACUUM FULL {}").format(Identifier(table)))
        with on_disk(session, folder) if is_mounted else bounded(session):
            yield f"PostgreSQL's orders, {'' if is_mounted else 'as if of '}1 MiB"


@contextmanager
def on_disk(session: psycopg.Connection, folder: Path) -> Iterator[None]:
    """Move the tables to a disk; the log of changes stays where it is."""
    account_own(folder)
    folder.chmod(0o700)
    place = SQL("CREATE TABLESPACE small LOCATION {}")
    session.execute(place.format(Literal(str(folder))))
    for table in TABLES:
        move = SQL("ALTER TABLE {} SET TABLESPACE small")
        session.execute(move.format(Identifier(table)))
    yield
    for table in TABLES:
        move = SQL("ALTER TABLE {} SET TABLESPACE pg_default")
        session.execute(move.format(Identifier(table)))
    session.execute("DROP TABLESPACE small")


@contextmanager
def bounded(session: psycopg.Connection) -> Iterator[None]:
    """Raise the error where the last row of an order is written."""
    function = SQL(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF (SELECT sum(pg_table_size(name::regclass)) FROM unnest(TG_ARGV) name)"
        " > {} THEN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END IF;"
        " RETURN NULL; END $$"
    )
    session.execute(function.format(DISK_BYTES))
    trigger = SQL(
        "CREATE TRIGGER no_room BEFORE INSERT ON {} FOR EACH STATEMENT"
        " EXECUTE FUNCTION no_room({})"
    )
    names = SQL(", ").join(map(Literal, TABLES))
    session.execute(trigger.format(Identifier(TABLES[-1]), names))
    yield
    session.execute("DROP FUNCTION no_room CASCADE")


def orders_until_full(shop: Shop) -> list[Told]:
    """Let sixteen shoppers order until none finds room."""
    callers = [Caller(shop) for _ in range(CALLERS)]
    together([one.login for one in callers])
    told: list[Told] = []
    while len(told) < ORDERS_MAX:
        latest = together([one.order for one in callers])
        told += latest
        if all(one.status == 503 for one in latest):
            return told
    raise AssertionError("the disk never filled up")


def test_orders_without_room_are_refused_and_none_is_half_there(
    running: Shop, tmp_path: Path
) -> None:
    before = running.processes()
    with little_room(running, tmp_path / "disk") as room:
        told = orders_until_full(running)
        refused = [one for one in told if one.status != 201]
        assert {one.status for one in refused} == {503}
        for one in refused:
            assert one.data["data"] == {"error": "storage_full"}
            assert one.data["message"] == "存储空间已满,暂时无法保存,请稍后再试"
            assert one.headers["Retry-After"] == "60"
        placed = len(told) - len(refused)
        assert placed == running.postgres.query("SELECT count(*) FROM orders_order")
        audit = start(("manage.py", "orders_audit"), DATABASE_URL=running.postgres.url)
        assert (audit.stdout, audit.stderr) == ("audit: 0 findings\n", "")
        # What is there is read as ever.
        assert Caller(running).ask("GET", "/api/products").status == 200
    after = Caller(running)
    after.login()
    assert after.order().status == 201
    assert running.processes() == before
    findings_record(
        "disk_full",
        rows=[
            {
                "disk of": f"{room}, filled by orders",
                "orders placed": placed,
                "refused with 503 storage_full": len(refused),
                "other answers": 0,
                "half written": 0,
                "with room again": "placed, nothing restarted",
            }
        ],
    )
