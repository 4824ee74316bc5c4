"""Throwaway servers: they serve, they vanish, also with a killed process."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from shop.devstack import processes
from shop.devstack.parts import Parts
from shop.devstack.programs import PROJECT
from shop.devstack.throwaway import Throwaway


@pytest.fixture
def throwaway() -> Iterator[Throwaway]:
    servers = Throwaway()
    yield servers
    servers.stop()


def test_servers_answer_and_vanish(throwaway: Throwaway) -> None:
    settings = throwaway.start()
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        facts = connection.execute(
            "SELECT current_setting('server_version_num')::int / 10000,"
            " current_setting('fsync'), current_setting('TimeZone'),"
            " datlocprovider, datlocale, pg_encoding_to_char(encoding)"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert facts == (18, "off", "UTC", "b", "C.UTF-8", "UTF8")
    cache = redis.Redis.from_url(settings["VALKEY_URL"])
    assert cache.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
    # The database of a worker gw1022 of pytest-xdist.
    assert cache.execute_command("SELECT", 1023)
    cache.close()
    pids = [part.process.pid for part in throwaway.parts.running]
    assert len(pids) == 2
    throwaway.stop()
    assert not throwaway.folder.exists()
    assert not {one.pid for one in processes.process_list()}.intersection(pids)


def test_log_tells_of_a_fault_without_its_row(throwaway: Throwaway) -> None:
    settings = throwaway.start()
    with psycopg.connect(settings["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE phone (number text PRIMARY KEY)")
        insert = "INSERT INTO phone VALUES ('13811112222')"
        connection.execute(insert)
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(insert)
    log = (throwaway.folder / "postgres.log").read_text()
    assert 'violates unique constraint "phone_pkey"' in log
    assert "13811112222" not in log


def test_servers_want_their_password(throwaway: Throwaway) -> None:
    settings = throwaway.start()
    user, _, place = settings["DATABASE_URL"].rpartition("@")
    wrong = f"{user.rpartition(':')[0]}:wrong@{place}"
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(wrong)
    place = settings["VALKEY_URL"].rpartition("@")[2]
    with (
        redis.Redis.from_url(f"redis://{place}") as cache,
        pytest.raises(redis.AuthenticationError),
    ):
        cache.ping()


def test_servers_and_data_of_a_killed_process_vanish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", "import time; print('up'); time.sleep(60)"]
    owner = subprocess.Popen(
        [sys.executable, "-m", "shop.devstack", "throwaway", "--", *command],
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(tmp_path)},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "up\n"
    below = processes.descendants(owner.pid)
    servers = {one.pid for one in below if one.session == one.pid}
    assert len(servers) > 2
    owner.kill()
    owner.wait()
    for pid in {one.pid for one in below} - servers:
        os.kill(pid, signal.SIGKILL)
    Parts().wait(
        lambda: not servers.intersection(one.pid for one in processes.process_list()),
        "the end of the servers",
        timeout_seconds=60,
    )
    [left] = tmp_path.iterdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    throwaway = Throwaway()
    assert not left.exists()
    Throwaway().stop()
    assert throwaway.folder.exists()
    throwaway.stop()


def test_throwaway_command_passes_the_exit_status_on(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit(7 if 'DATABASE_URL' in os.environ else 1)"
    done = subprocess.run(
        [sys.executable, "-m", "shop.devstack", "throwaway", "--"]
        + [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=PROJECT,
        check=False,
    )
    assert done.returncode == 7
    assert list(tmp_path.iterdir()) == []
