"""A backup of an older version is restored, then migrated: the orders are there."""

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.tests.backups import backed_up, script
from deploy.tests.long.recoveries import recovery_record
from orders.tests.conftest import line, paid_order, placed
from shop.devstack.postgres import libpq_variables
from shop.tests.databases import empty_database
from shop.tests.test_start import start
from shop.tests.web_process import database_url

# The tables of orders as the first version had them.
OLDER = ("orders", "0001")


def manage(url: str, media: Path, *command: str) -> Any:
    return start(
        ("manage.py", *command),
        timeout_seconds=300,
        DATABASE_URL=url,
        MEDIA_ROOT=str(media),
    )


def restored(backup: Path, url: str, media: Path) -> None:
    done = script("restore.sh", backup, **libpq_variables(url), MEDIA_ROOT=str(media))
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("transactional_db")
def test_older_backup_is_restored_and_migrated(
    shopper_api: Any, product_make: Any, tmp_path: Path
) -> None:
    tea = product_make("龙井茶", price="99.00", stock=10)
    numbers = {paid_order(shopper_api, line(tea)).order_no}
    numbers.add(placed(shopper_api, line(tea))["orderNo"])
    media = tmp_path / "media"
    media.mkdir()
    newest = backed_up(tmp_path, media, database_url())
    with (
        empty_database("shop_of_long_ago") as old,
        empty_database("shop_of_today") as new,
    ):
        # A shop of that version, with its orders.
        restored(newest, old, media)
        done = manage(old, media, "migrate", *OLDER)
        assert done.returncode == 0, done.stderr
        older = backed_up(tmp_path, media, old)

        begun = time.monotonic()
        restored(older, new, media)
        done = manage(new, media, "restore_check")
        assert done.returncode == 1
        assert "missing: run manage.py migrate (" in done.stdout
        done = manage(new, media, "restore_check", "--migrate")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1] == "audit: 0 findings"
        seconds = time.monotonic() - begun
        with psycopg.connect(new) as session:
            rows = session.execute("SELECT order_no FROM orders_order").fetchall()
    found = {number for (number,) in rows}
    recovery_record(
        "older",
        "a backup with the first version's tables of orders, restored and migrated",
        promised=numbers,
        found=found,
        seconds=seconds,
    )
    assert found == numbers
