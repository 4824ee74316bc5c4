"""Recovery to a point in time, drilled with the files of deploy/postgres."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from accounts.models import User
from accounts.services import session_open
from conftest import wait_until
from deploy.tests.backups import backed_up, script
from deploy.tests.long.buyer import Buyer
from deploy.tests.long.recoveries import recovery_record
from deploy.tests.node import Node
from deploy.tests.unit_files import Account
from orders.tests.conftest import ADDRESS, line
from shop.devstack.parts import Parts
from shop.devstack.ports import HOST
from shop.devstack.postgres import PostgresServer, libpq_variables, program_path
from shop.devstack.programs import PROJECT
from shop.tests.test_start import start
from shop.tests.web_process import database_url

pytestmark = [pytest.mark.xdist_group("drill"), pytest.mark.timeout(600)]

SCRIPTS = PROJECT / "deploy" / "postgres"
# The file says a minute.
TIMEOUT_SECONDS = 2
# For a machine that is busy.
SLACK_SECONDS = 20
SERVERS_OWN = "/var/backups/postgres"


def archive_settings(archive: Path) -> dict[str, str]:
    """Read deploy/postgres/archive.conf, for a server that lies elsewhere."""
    text = (SCRIPTS / "archive.conf").read_text()
    pairs = re.findall(r"^(\w+) = '?(.*?)'?$", text, re.MULTILINE)
    assert dict(pairs)["archive_timeout"] == "60s"
    return {
        name: value.replace(SERVERS_OWN, str(archive)).replace(
            "/opt/shop/current", str(PROJECT)
        )
        for name, value in pairs
    } | {"archive_timeout": f"{TIMEOUT_SECONDS}s"}


@dataclass
class Drill:
    """A shop whose server archives, and the servers that are made of the archive."""

    folder: Path
    account: Account = field(default_factory=Account)
    parts: Parts = field(default_factory=Parts)

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    def server(self, name: str, **settings: str) -> PostgresServer:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        self.account.own(folder)
        password = "drill-only-password"
        return PostgresServer(folder, self.folder / f"{name}.log", password, settings)

    def runs(self, name: str, *arguments: str | Path, url: str = "") -> str:
        """Run a script as PostgreSQL's own account."""
        path = f"{program_path('pg_dump').parent}:{os.environ['PATH']}"
        env = {"PATH": path, "LC_ALL": "C"} | (libpq_variables(url) if url else {})
        command = ["/bin/sh", str(SCRIPTS / name), *map(str, arguments)]
        return self.account.run(command, cwd=str(self.folder), env=env)

    def recovered(self, name: str, moment: str, archive: Path) -> PostgresServer:
        """Return a running server with what the shop was."""
        server = self.server(name)
        self.runs("recover.sh", archive, server.data, moment)
        server.start(self.parts)
        return server


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    drill = Drill(tmp_path)
    drill.account.own(tmp_path)
    for folder in (drill.archive, drill.archive / "wal", drill.media):
        folder.mkdir()
        drill.account.own(folder)
    yield drill
    drill.parts.stop()


def ordering(node: Node, token: str, wish: dict[str, Any]) -> Callable[[], str]:
    """Return what places an order."""
    http = requests.Session()
    http.headers["Authorization"] = f"Bearer {token}"
    url = f"http://{HOST}:{node.port}/api/orders"

    def place() -> str:
        answer = http.post(url, json=wish, timeout=60)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["orderNo"])

    return place


def asked(url: str, sql: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as session:
        return [row[0] for row in session.execute(sql).fetchall()]


@pytest.fixture
def wish(product_make: Any, transactional_db: None) -> dict[str, Any]:
    return {"items": [line(product_make(stock=10_000))], "address": ADDRESS}


@pytest.fixture
def token(shopper: User, transactional_db: None) -> Any:
    return session_open(user=shopper).token


@pytest.fixture
def shop(drill: Drill, wish: Any, token: Any) -> PostgresServer:
    """The shop on a server that archives; its tables are those of the tests."""
    server = drill.server("shop", **archive_settings(drill.archive))
    server.start(drill.parts)
    backup = backed_up(drill.folder, drill.media, database_url())
    target = libpq_variables(server.url) | {"MEDIA_ROOT": str(drill.media)}
    done = script("restore.sh", backup, **target)
    assert done.returncode == 0, done.stderr
    return server


@pytest.fixture
def buyer(drill: Drill, shop: PostgresServer, wish: Any, token: Any) -> Iterator[Buyer]:
    settings = {"DATABASE_URL": shop.url, "RATELIMIT_WRITE": "100000/900s"}
    node = Node(drill.folder / "node.log", settings)
    node.start()
    buyer = Buyer(ordering(node, token, wish), pause_seconds=0.05)
    yield buyer
    buyer.stop()
    node.stop()


def test_accident_is_undone_and_a_lost_machine_costs_seconds(
    drill: Drill, shop: PostgresServer, buyer: Buyer
) -> None:
    buyer.start()
    # The base backup is made while people order.
    buyer.more(5)
    told = drill.runs("base-backup.sh", drill.archive, url=shop.url)
    [base] = (drill.archive / "base").iterdir()
    assert told.startswith(f"base backup: {base}, WAL from ")
    buyer.more(30)
    copy, gone_at, promised = machine_lost(drill, shop, buyer)
    old_ones_go(drill, shop)
    moment, before, after = accident_happens(drill, shop, buyer)

    begun = time.monotonic()
    found = books_recovered(drill, "again", moment, drill.archive)
    recovery_record(
        "accident",
        "a DELETE and a DROP; recovered to the moment before",
        promised=before,
        found=found,
        later=after,
        seconds=time.monotonic() - begun,
    )
    assert found == before
    assert len(after) == 10

    # And of the machine that was gone in the middle.
    begun = time.monotonic()
    found = books_recovered(drill, "other", "latest", copy)
    lost = {no: at for no, at in promised.items() if no not in found}
    lost_seconds = gone_at - min(lost.values(), default=gone_at)
    recovery_record(
        "machine",
        f"the machine gone, archive_timeout {TIMEOUT_SECONDS} s; to the archive's end",
        promised=promised,
        found=found,
        lost_seconds=lost_seconds,
        seconds=time.monotonic() - begun,
    )
    # What is lost are the newest.
    assert set(lost) == set(list(promised)[len(promised) - len(lost) :])
    assert lost_seconds < TIMEOUT_SECONDS + SLACK_SECONDS


def accident_happens(
    drill: Drill, shop: PostgresServer, buyer: Buyer
) -> tuple[str, set[str], set[str]]:
    """Delete rows, drop a table, then kill the server and empty its disk.

    Return the moment to come back to, what was acknowledged before it, and after it.
    """
    buyer.stop()
    before = set(buyer.acknowledged)
    [moment] = asked(shop.url, "SELECT clock_timestamp()::text")
    for _ in range(10):
        buyer.order()
    after = set(buyer.acknowledged) - before
    with psycopg.connect(shop.url, autocommit=True) as session:
        session.execute("DELETE FROM orders_orderevent")
        session.execute("DROP TABLE orders_orderitem CASCADE")
    [last] = asked(shop.url, "SELECT pg_walfile_name(pg_switch_wal())")
    wait_until((drill.archive / "wal" / f"{last}.gz").exists)
    drill.parts.running[0].process.kill()
    drill.parts.running.clear()
    shutil.rmtree(shop.data, ignore_errors=True)
    return moment, before, after


def books_recovered(drill: Drill, name: str, moment: str, archive: Path) -> set[str]:
    """Recover what the shop was; return its orders, of books that are in order."""
    server = drill.recovered(name, moment, archive)
    check = ("manage.py", "restore_check")
    done = start(check, DATABASE_URL=server.url, MEDIA_ROOT=str(drill.media))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "audit: 0 findings"
    return set(asked(server.url, "SELECT order_no FROM orders_order"))


def old_ones_go(drill: Drill, shop: PostgresServer) -> None:
    """Make base backups until the first goes, and with it the WAL that it needed."""
    wal = drill.archive / "wal"
    [first] = (drill.archive / "base").iterdir()
    for _ in range(2):
        told = drill.runs("base-backup.sh", drill.archive, url=shop.url)
    kept = sorted((drill.archive / "base").iterdir())
    assert len(kept) == 2
    assert first not in kept
    needed = told.split()[-2]
    pieces = [path.name for path in wal.glob("0*.gz")]
    assert [name for name in pieces if name < needed] == []


def machine_lost(
    drill: Drill, shop: PostgresServer, buyer: Buyer
) -> tuple[Path, float, dict[str, float]]:
    """Copy the archive: all that there is when the machine is gone in this moment.

    Return the copy, the moment, and what was acknowledged by then.
    """
    # Some orders are in it.
    [piece] = asked(shop.url, "SELECT pg_walfile_name(pg_current_wal_lsn())")
    wait_until((drill.archive / "wal" / f"{piece}.gz").exists)
    buyer.more(5)
    copy = drill.folder / "copy"
    drill.account.run(
        ["/bin/cp", "-R", str(drill.archive), str(copy)],
        cwd=str(drill.folder),
        env={},
    )
    return copy, time.monotonic(), dict(buyer.acknowledged)
