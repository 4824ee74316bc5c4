"""The archive of WAL: a piece is kept whole or not at all, and never replaced."""

import fcntl
import gzip
import os
import re
from pathlib import Path

import pytest
import yaml

from shop.devstack.programs import PROJECT

from .backups import script, stand_in

NAME = "000000010000000000000007"


@pytest.fixture
def piece(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(b"wal " * 1000)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "wal"
    folder.mkdir()
    return folder


def archived(piece: Path, archive: Path) -> int:
    done = script("postgres/wal-archive.sh", piece, piece.name, archive)
    return done.returncode


def restored(archive: Path, path: Path) -> int:
    return script("postgres/wal-restore.sh", NAME, path, archive).returncode


def test_piece_goes_in_and_comes_out(piece: Path, archive: Path) -> None:
    # What a try that was killed has left.
    part = archive / f"{NAME}.part"
    part.touch(mode=0o600)
    part.write_bytes(b"half")
    assert archived(piece, archive) == 0
    [kept] = archive.iterdir()
    assert kept.name == f"{NAME}.gz"
    assert kept.stat().st_mode & 0o077 == 0
    out = piece.with_name("out")
    assert restored(archive, out) == 0
    assert out.read_bytes() == piece.read_bytes()


def test_same_piece_again_is_fine_and_another_is_refused(
    piece: Path, archive: Path
) -> None:
    assert archived(piece, archive) == 0
    assert archived(piece, archive) == 0
    piece.write_bytes(b"another server's")
    assert archived(piece, archive) == 1
    [kept] = archive.iterdir()
    assert gzip.decompress(kept.read_bytes()) == b"wal " * 1000


def test_piece_that_a_killed_try_has_moved_is_synced(
    piece: Path, archive: Path, tmp_path: Path
) -> None:
    """PostgreSQL forgets a piece at the answer, and the name may be in memory alone."""
    assert archived(piece, archive) == 0
    told = tmp_path / "told"
    path = stand_in(tmp_path / "bin", "sync", f'echo "$@" >>"{told}"')
    done = script("postgres/wal-archive.sh", piece, NAME, archive, PATH=path)
    assert done.returncode == 0
    assert told.read_text() == f"{archive}\n"


def test_archive_that_is_away_keeps_nothing(piece: Path, archive: Path) -> None:
    archive.rmdir()
    assert archived(piece, archive) != 0
    # Not as if the log ended here.
    assert restored(archive, piece.with_name("out")) == 200


def test_end_of_the_log_is_told_from_damage(piece: Path, archive: Path) -> None:
    out = piece.with_name("out")
    assert restored(archive, out) == 1
    archived(piece, archive)
    kept = archive / f"{NAME}.gz"
    kept.write_bytes(kept.read_bytes()[:-20])
    assert restored(archive, out) == 200


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """Return what a base backup looks like that is being made."""
    part = tmp_path / "base" / "new.part"
    part.mkdir(parents=True)
    return part


def test_base_backup_leaves_another_one_alone(unfinished: Path, tmp_path: Path) -> None:
    handle = os.open(unfinished.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = script("postgres/base-backup.sh", tmp_path)
    finally:
        os.close(handle)
    assert (done.returncode, done.stderr) == (
        1,
        "base backup: another one is being made\n",
    )
    assert unfinished.exists()
    # What a killed one has left goes, though the server is away.
    done = script("postgres/base-backup.sh", tmp_path, PGHOST=str(tmp_path))
    assert done.returncode != 0
    assert not unfinished.exists()


@pytest.mark.parametrize("kept", ["0", "-1", "two"])
def test_some_base_backup_is_always_kept(
    unfinished: Path, tmp_path: Path, kept: str
) -> None:
    done = script("postgres/base-backup.sh", tmp_path, BASE_BACKUPS_KEPT=kept)
    assert done.returncode == 1
    assert done.stderr.endswith(f"base backup: keep 1 or more, not {kept}\n")
    assert unfinished.exists()


def test_recovery_begins_with_the_last_base_backup_before(tmp_path: Path) -> None:
    for name in ("20300101T000000Z", "20300102T000000Z", "20300103T000000Z"):
        (tmp_path / "base" / name).mkdir(parents=True)
        # What the server was told when it was recovered itself.
        settings = tmp_path / "base" / name / "postgresql.auto.conf"
        settings.write_text("recovery_target_time = '2020-01-01'\n")
    (tmp_path / "base" / "new.part").mkdir()
    for moment, base, target in (
        # The shop's time.
        ("2030-01-02 20:00:00+08", "20300102T000000Z", "2030-01-02 12:00:00.000000+00"),
        # It was complete in that second, perhaps later than the moment.
        (
            "2030-01-02 08:00:00.7+08",
            "20300101T000000Z",
            "2030-01-02 00:00:00.700000+00",
        ),
        ("latest", "20300103T000000Z", ""),
    ):
        data = tmp_path / moment
        # What a try that was killed has left.
        data.with_name(f"{moment}.part").mkdir()
        data.with_name(f"{moment}.part").joinpath("half").touch()
        done = script("postgres/recover.sh", tmp_path, data, moment)
        assert done.stdout == (
            f"recover: {data}: from {base} to {moment}; start a server on it\n"
        )
        told = (data / "postgresql.auto.conf").read_text()
        # The last one holds.
        assert re.findall("recovery_target_time = '(.*)'", told)[-1] == target
        assert {path.name for path in data.iterdir()} == {
            "postgresql.auto.conf",
            "recovery.signal",
        }
    done = script("postgres/recover.sh", tmp_path, tmp_path / "no", "2030-01-01 00:00Z")
    assert (done.returncode, done.stderr) == (
        1,
        "recover: no base backup before 2030-01-01 00:00Z\n",
    )
    done = script("postgres/recover.sh", tmp_path, tmp_path / "latest", "latest")
    assert done.stderr == f"recover: {tmp_path}/latest is there already\n"


def archive_settings() -> dict[str, str]:
    text = (PROJECT / "deploy" / "postgres" / "archive.conf").read_text()
    return dict(re.findall(r"^(\w+) = '?(.*?)'?$", text, re.MULTILINE))


def test_compose_and_systemd_archive_alike() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    words = compose["services"]["postgres"]["command"][1:]
    told = dict(word.removeprefix("--").split("=", 1) for word in words)
    assert told["archive_mode"] == "${POSTGRES_ARCHIVE_MODE:-off}"
    for name in ("archive_command", "archive_timeout"):
        # The same script and folder, where a container has them.
        value = archive_settings()[name]
        value = value.replace("/opt/shop/current/deploy/postgres/", "/deploy/")
        assert told[name] == value.replace("/var/backups/postgres", "/archive")
    volumes = compose["services"]["postgres"]["volumes"]
    assert "./deploy/postgres:/deploy:ro" in volumes
