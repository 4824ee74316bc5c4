"""A backup is whole or none, and is restored into nothing but an empty database."""

import os
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from accounts.models import Upload, User
from conftest import alone, wait_until
from shop.devstack.postgres import libpq_variables
from shop.tests.databases import empty_database
from shop.tests.web_process import database_url

from .backups import backed_up, script, stand_in

NAME = "shop_that_was_restored"


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    settings.MEDIA_ROOT = str(folder)
    return folder


@pytest.fixture
def empty(transactional_db: None) -> Iterator[str]:
    """Make an empty database; return its address."""
    with empty_database(f"{NAME}_{os.getpid()}") as url:
        yield url


def uploads_until(stop: threading.Event, user: User) -> None:
    """Send pictures: each is stored before the row that names it."""
    number = 0
    while not stop.is_set():
        number += 1
        name = f"uploads/{number}.jpg"
        default_storage.save(name, ContentFile(b"picture " * 1000))
        Upload.objects.create(user=user, file=name)


def test_what_is_restored_names_no_picture_that_is_missing(
    empty: str, media: Path, tmp_path: Path, shopper: User
) -> None:
    """While the backup is made, pictures are sent as fast as it goes."""
    stop = threading.Event()
    sending = threading.Thread(target=alone(uploads_until), args=(stop, shopper))
    sending.start()
    try:
        wait_until(lambda: Upload.objects.count() >= 5)
        backup = backed_up(tmp_path, media, database_url())
    finally:
        stop.set()
        sending.join()
    assert backup.stat().st_mode & 0o077 == 0
    again = tmp_path / "again"
    again.mkdir()
    done = script("restore.sh", backup, **libpq_variables(empty), MEDIA_ROOT=str(again))
    assert done.returncode == 0, done.stderr
    with psycopg.connect(empty) as session:
        named = {
            name for (name,) in session.execute("SELECT file FROM accounts_upload")
        }
        users = session.execute("SELECT openid FROM accounts_user").fetchall()
        migrated = session.execute("SELECT app, name FROM django_migrations").fetchall()
    assert users == [(shopper.openid,)]
    assert len(named) >= 5
    whole = b"picture " * 1000
    assert {name for name in named if (again / name).read_bytes() == whole} == named
    # The manifest says what the dump holds.
    said = (backup / "manifest").read_text().splitlines()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        assert f"postgres {cursor.fetchone()[0]}" in said
    applied = {line for line in said if line.startswith("migration ")}
    assert applied == {f"migration {app}.{name}" for app, name in migrated}
    sizes = {
        words[3]: int(words[2]) for words in map(str.split, said) if len(words) == 4
    }
    assert sizes == {
        name: (backup / name).stat().st_size for name in ("database.dump", "media.tar")
    }

    # A second time it is not empty any more.
    done = script("restore.sh", backup, **libpq_variables(empty), MEDIA_ROOT=str(again))
    assert done.returncode == 1
    name = libpq_variables(empty)["PGDATABASE"]
    assert done.stderr == (
        f"restore: the database {name} is not empty: restore into a new one\n"
    )


def test_killed_among_the_pictures_it_is_run_again(
    empty: str, media: Path, tmp_path: Path, shopper: User
) -> None:
    default_storage.save("a.jpg", ContentFile(b"picture"))
    backup = backed_up(tmp_path, media, database_url())
    again = tmp_path / "again"
    again.mkdir()
    target = libpq_variables(empty) | {"MEDIA_ROOT": str(again)}
    path = stand_in(tmp_path / "bin", "tar", "kill -9 $PPID")
    assert script("restore.sh", backup, **target, PATH=path).returncode == -9
    done = script("restore.sh", backup, **target)
    assert done.returncode == 0, done.stderr
    assert (again / "a.jpg").read_bytes() == b"picture"
    with psycopg.connect(empty) as session:
        [number] = session.execute("SELECT count(*) FROM accounts_user").fetchall()
    assert number == (1,)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """Write by hand what a backup is."""
    folder = tmp_path / "shop-20300101T000000Z"
    folder.mkdir()
    lines = ["format 1", "made 20300101T000000Z", "shop 0.1.0", "postgres 18.0"]
    for name in ("database.dump", "media.tar"):
        (folder / name).write_text(name)
        lines.append(f"file {sha256(name.encode()).hexdigest()} {len(name)} {name}")
    lines += ["migration shop.0001_initial", "end\n"]
    (folder / "manifest").write_text("\n".join(lines))
    return folder


def refusal(folder: Path) -> str:
    """Return why it is not restored; nothing says which server, so none is asked."""
    done = script("restore.sh", folder, PGHOST=str(folder), MEDIA_ROOT=str(folder))
    assert (done.returncode, done.stdout) == (1, "")
    checked = script("restore.sh", "--check", folder)
    assert (checked.returncode, checked.stderr) == (1, done.stderr)
    return done.stderr.splitlines()[-1]


def test_whole_one_is_told(whole: Path) -> None:
    done = script("restore.sh", "--check", whole)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"restore: whole: {whole} of 20300101T000000Z, shop 0.1.0, PostgreSQL 18.0\n"
    )


@pytest.mark.parametrize("name", ["database.dump", "media.tar"])
def test_damaged_one_is_refused(whole: Path, name: str) -> None:
    with (whole / name).open("r+") as file:
        file.write("X")
    assert refusal(whole) == f"restore: {whole} is damaged"
    (whole / name).unlink()
    assert refusal(whole) == f"restore: {whole} is damaged"


def test_half_a_manifest_is_refused(whole: Path) -> None:
    manifest = whole / "manifest"
    text = manifest.read_text()
    manifest.write_text(text.removesuffix("end\n"))
    assert refusal(whole) == f"restore: {manifest} is cut off"
    manifest.write_text("format 1\nend\n")
    assert refusal(whole) == f"restore: {whole} is damaged"
    manifest.write_text(text.replace("format 1", "format 2"))
    assert refusal(whole) == f"restore: {manifest} is of another format"
    manifest.unlink()
    assert refusal(whole) == f"restore: {whole} is no backup: it has no manifest"


def test_unfinished_one_is_refused(whole: Path) -> None:
    part = whole.rename(f"{whole}.part")
    assert refusal(part) == f"restore: {part} was never finished"


def test_pictures_need_a_place(whole: Path) -> None:
    done = script("restore.sh", whole, PGHOST=str(whole), PGDATABASE="shop")
    assert done.returncode != 0
    assert "where do the pictures go?" in done.stderr
    done = script("restore.sh", whole, PGHOST=str(whole), MEDIA_ROOT=str(whole))
    assert done.returncode != 0
    assert "which database?" in done.stderr
