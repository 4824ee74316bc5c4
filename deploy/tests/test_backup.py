"""Backups: what becomes of them when something is in the way."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from django.db import connection, transaction

from conftest import lock_waiters, wait_until
from shop.devstack.postgres import libpq_variables, program_path
from shop.devstack.programs import PROJECT
from shop.tests.web_process import database_url

from .backups import backed_up, script, stand_in

SCRIPT = PROJECT / "deploy" / "backup.sh"
LONG_AGO = "shop-20200101T000000Z"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Lead to a socket that is not there; the folder has an old backup."""
    old = tmp_path / LONG_AGO
    old.mkdir()
    os.utime(old, (0, 0))
    return {
        "PATH": f"{program_path('pg_dump').parent}:{os.environ['PATH']}",
        "BACKUP_FOLDER": str(tmp_path),
        "PGHOST": str(tmp_path),
    }


def test_failed_backup_says_so_and_costs_no_older_one(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        ["sh", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "No such file or directory" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == [LONG_AGO]


def test_daily_goes_on_after_a_failure_and_stops_when_asked(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("log") / "backup.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", SCRIPT, "--daily"], env=environment, stdout=output, stderr=output
        )
    try:
        wait_until(lambda: "next try in an hour" in log.read_text())
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()


def test_backup_of_the_same_second_is_left_alone(
    environment: dict[str, str], tmp_path: Path
) -> None:
    part = tmp_path / "shop-20300101T000000Z.part"
    part.mkdir()
    path = stand_in(tmp_path / "bin", "date", "echo 20300101T000000Z")
    done = script("backup.sh", **environment | {"PATH": path})
    assert done.returncode != 0
    assert part.exists()


@pytest.mark.usefixtures("transactional_db")
def test_killed_backup_is_none(environment: dict[str, str], tmp_path: Path) -> None:
    """It waits for a table when it is killed; the next one is whole."""
    environment |= libpq_variables(database_url())
    media = tmp_path / "media"
    media.mkdir()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK orders_order")
        process = subprocess.Popen(
            ["sh", SCRIPT],
            env=environment | {"MEDIA_ROOT": str(media)},
            start_new_session=True,
        )
        wait_until(lambda: lock_waiters() == 1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    [part] = tmp_path.glob("shop-*.part")
    assert script("restore.sh", "--check", part).returncode == 1
    # A day later.
    os.utime(part, (0, 0))
    backup = backed_up(tmp_path, media, database_url())
    # The whole one of long ago is gone, too.
    assert sorted(tmp_path.glob("shop-*")) == [backup]
    assert script("restore.sh", "--check", backup).returncode == 0


@pytest.mark.usefixtures("transactional_db")
def test_bucket_is_named_and_not_copied(tmp_path: Path) -> None:
    places = {"BACKUP_FOLDER": str(tmp_path), "S3_BUCKET": "pictures"}
    done = script("backup.sh", **libpq_variables(database_url()), **places)
    assert done.returncode == 0, done.stderr
    [backup] = tmp_path.iterdir()
    names = {path.name for path in backup.iterdir()}
    assert names == {"database.dump", "manifest"}
    assert "pictures in bucket pictures" in (backup / "manifest").read_text().split(
        "\n"
    )
    assert script("restore.sh", "--check", backup).returncode == 0


@pytest.mark.usefixtures("transactional_db")
def test_pictures_that_are_not_there_are_no_backup(tmp_path: Path) -> None:
    places = {"BACKUP_FOLDER": str(tmp_path), "MEDIA_ROOT": str(tmp_path / "media")}
    done = script("backup.sh", **libpq_variables(database_url()), **places)
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []
