"""An ordinary user on a fresh Debian, the systemd way, as docs/operations.md has it.

Without systemd: what the units say is read from them and done as they say it. The
hardening alone needs the real one, which is asked whether it understands the units
where it is installed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conftest import wait_until
from deploy.tests.server import Server
from deploy.tests.unit_files import UNITS, Service, Unit
from shop.devstack.ports import HOST
from shop.devstack.postgres import program_path
from shop.devstack.programs import PROJECT
from shop.tests.databases import empty_database

pytestmark = pytest.mark.xdist_group("systemd")

DATABASE = "shop_of_a_fresh_user"


@pytest.fixture
def database() -> Iterator[str]:
    """Make an empty database; return its address."""
    with empty_database(DATABASE) as url:
        yield url


@pytest.fixture
def server(database: str) -> Iterator[Server]:
    # Not below pytest's own folder, which another account may not enter.
    root = Path(tempfile.mkdtemp(prefix="shop-systemd-"))
    root.chmod(0o755)
    server = Server(root, database)
    yield server
    server.socket.close()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def running() -> Iterator[list[Service]]:
    """What was started; killed if the test fails."""
    services: list[Service] = []
    yield services
    for service in services:
        if service.process.poll() is None:
            service.process.kill()


def installed(server: Server) -> Path:
    """Make a release and its environment, and let "current" point there."""
    release = server.release_make("1.0")
    python = str(Path(sys.executable).resolve())
    server.user_runs(python, "-m", "venv", ".venv", cwd=release)
    server.user_runs(
        *(".venv/bin/python", "-m", "pip", "install", "--quiet", "--no-cache-dir"),
        *("--disable-pip-version-check", "--no-compile", "--require-hashes"),
        *("-r", "requirements.txt"),
        cwd=release,
    )
    server.switch_to(release)
    return release


@pytest.mark.timeout(600)
def test_ordinary_user_installs_runs_upgrades_and_rolls_back(
    server: Server, running: list[Service], database: str
) -> None:
    first = installed(server)

    # Tables and static files, then the two programs.
    server.unit("shop-migrate.service").run(server.account)
    assert (server.root / "srv/shop/static/admin/css/base.css").is_file()
    web = server.start("shop-web.service")
    running.append(web)
    assert server.get("/healthz") == (200, {"status": "ok"})
    worker = server.start("shop-worker.service")
    running.append(worker)
    wait_until(lambda: server.get("/readyz")[1]["worker"] == "ok", "no worker")
    status, body = server.get("/api/products")
    assert (status, body["data"]["list"]) == (200, [])

    # What a container is asked for finds this one well.
    env = server.unit("shop-web.service").environment()
    env["GUNICORN_BIND"] = f"{HOST}:{server.port}"
    check = [".venv/bin/python", "deploy/healthcheck.py", "/readyz"]
    assert server.account.run(check, cwd=str(first), env=env) == ""

    logs_are_rotated(server)
    backup_is_made_and_restored(server, database)

    # The next version: who asks while it starts waits, and nobody is refused.
    second = server.release_make("1.1")
    # The requirements are the same; on a server each release has its own.
    (second / ".venv").symlink_to(first / ".venv")
    server.switch_to(second)
    server.unit("shop-migrate.service").run(server.account)
    web = restarted(server, running, web)
    assert web.folder == second

    # And back: the tables of the newer version do for the older one.
    server.switch_to(first)
    web = restarted(server, running, web)
    assert web.folder == first

    assert worker.stop() == 0
    assert web.stop() == 0


def logs_are_rotated(server: Server) -> None:
    """Move the logs away, as the logrotate file does: the next lines make new ones."""
    rules = (PROJECT / "deploy/logrotate/shop").read_text()
    unit = server.unit("shop-web.service")
    folder = Path(unit.environment()["LOG_DIR"])
    assert f"{folder}/*.log {{" in rules.replace("/var/", f"{server.root}/var/")
    log = folder / "access.log"
    written = log.read_text()
    assert "/healthz" in written
    old = log.rename(log.with_name("access.log-20300101"))
    assert server.get("/readyz")[0] == 200
    wait_until(lambda: log.exists() and "/readyz" in log.read_text(), "no new log")
    assert old.read_text() == written


def backup_is_made_and_restored(server: Server, database: str) -> None:
    server.backup_env_write(database)
    folder = server.root / "var/backups/shop"
    long_ago = time.time() - 20 * 24 * 3600
    for name in ("shop-20200101T000000Z", "shop-20200101T000000Z.part"):
        (folder / name).mkdir()
        os.utime(folder / name, (long_ago, long_ago))
    picture = server.root / "srv/shop/media/uploads/tea.jpg"
    picture.parent.mkdir()
    picture.write_text("tea")
    unit = server.unit("shop-backup.service")
    path = f"{program_path('pg_dump').parent}:{os.environ['PATH']}"
    env = unit.environment() | {"PATH": path, "BACKUP_FOLDER": str(folder)}
    # As ourselves: another account may not reach the embedded programs.
    done = subprocess.run(
        unit.commands[0], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    [backup] = folder.iterdir()
    assert done.stdout == f"backup: {backup}\n"
    assert backup.stat().st_mode & 0o077 == 0
    # It knows which release made it.
    assert "\nshop 1.0\n" in (backup / "manifest").read_text()

    again = server.root / "again"
    again.mkdir()
    script = server.root / "opt/shop/current/deploy/restore.sh"
    target = {"PGDATABASE": f"{DATABASE}_restored", "MEDIA_ROOT": str(again)}
    names = "SELECT app, name FROM django_migrations ORDER BY id"
    with empty_database(target["PGDATABASE"]) as restored:
        subprocess.run(["sh", script, backup], env=env | target, check=True)
        with psycopg.connect(database) as session, psycopg.connect(restored) as anew:
            assert anew.execute(names).fetchall() == session.execute(names).fetchall()
    assert (again / "uploads/tea.jpg").read_text() == "tea"


def restarted(server: Server, running: list[Service], web: Service) -> Service:
    """Restart the web program; who asks meanwhile waits and is answered."""
    assert web.stop() == 0
    answers: list[tuple[int, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(server.get("/healthz")))
    asking.start()
    fresh = server.start("shop-web.service")
    running.append(fresh)
    asking.join()
    assert answers == [(200, {"status": "ok"})]
    assert server.get("/readyz")[0] == 200
    return fresh


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    names = [one.name for one in UNITS.iterdir() if one.is_file()]
    assert len(names) == 8
    shutil.copytree(UNITS, tmp_path / "units")
    for path in (tmp_path / "units").glob("*.service"):
        text = path.read_text()
        assert "\nExecStart=/" in text
        # It looks whether the program is there.
        path.write_text(re.sub(r"(?<=\nExecStart=)\S+", "/bin/true", text))
    analyze = shutil.which("systemd-analyze")
    if analyze:
        done = subprocess.run(
            [analyze, "verify", "--man=no", *names],
            env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}/units:"},
            cwd=tmp_path / "units",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_every_service_is_held_tight() -> None:
    for name in ("web", "worker", "migrate", "backup"):
        unit = Unit(f"shop-{name}.service", Path("/"))
        assert unit.one("User") == "shop"
        assert unit.one("NoNewPrivileges") == "yes"
        assert unit.one("CapabilityBoundingSet") == ""
        assert unit.one("ProtectSystem") == "strict"
        assert unit.one("PrivateTmp") == "yes"
    # It reads what is PostgreSQL's alone.
    unit = Unit("postgres-base-backup.service", Path("/"))
    assert unit.one("User") == "postgres"
    assert unit.one("ProtectSystem") == "strict"
    assert unit.one("NoNewPrivileges") == "yes"
    assert unit.one("CapabilityBoundingSet") == ""
