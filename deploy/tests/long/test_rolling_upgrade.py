"""From an older version to this one: its tables, and itself on the tables of this one.

While a new release is rolled out, old programs run on tables that are new already. They
run their own tests there, as Saleor's do.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shop.devstack import throwaway
from shop.devstack.postgres import libpq_variables, program_path
from shop.devstack.programs import PROJECT
from shop.tests.databases import empty_database
from torture.findings import findings_record

# Whose tests are run: any name of a commit.
VARIABLE = "UPGRADE_FROM"
MIGRATE = ("manage.py", "migrate", "--verbosity=0")
RIGHTS = """
SELECT "group".name, content_type.app_label, permission.codename
FROM auth_group_permissions
JOIN auth_group AS "group" ON "group".id = group_id
JOIN auth_permission AS permission ON permission.id = permission_id
JOIN django_content_type AS content_type ON content_type.id = content_type_id
ORDER BY 1, 2, 3
"""
TABLES = Path(__file__).with_name("newer_tables.py")
# What writes and reads the tables of shoppers and staff, and starts no program itself,
# such as a browser: three minutes on a machine of two cores. An older version may lack
# some of them.
CHOSEN = Path(__file__).with_name("older_tests.txt").read_text().split()


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def older_commit() -> str:
    """Return the version that the tables must do for, as `1a2b3c4 its subject`.

    The one that is named, or the newest release, or what was before the migrations were
    last touched: any later commit has the same tables.
    """
    name = (
        os.environ.get(VARIABLE)
        or git("describe", "--tags", "--abbrev=0", "HEAD^")
        or f"{git('log', '-1', '--format=%H', '--', ':(glob)*/migrations/*.py')}^"
    )
    commit = git("log", "-1", "--format=%h %s", name)
    # A clone of one commit, as CI services make it, knows nothing older.
    assert commit, (
        f"there is no commit {name!r} to upgrade from: `git fetch --unshallow --tags`,"
        f" or name another one in {VARIABLE}"
    )
    return commit


@pytest.fixture
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Unpack the older version; let its tests use the tables of the newer one."""
    folder = tmp_path_factory.mktemp("older")
    archive = subprocess.run(
        ["git", "archive", older_commit().split()[0]],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    shutil.copy(TABLES, folder)
    with (folder / "conftest.py").open("a") as conftest:
        conftest.write(f"\nfrom {TABLES.stem} import django_db_setup\n")
    yield folder
    shutil.rmtree(folder)


def environment() -> dict[str, str]:
    """Return our own without what leads to the servers and the run of these tests."""
    foreign = (throwaway.MARKER, "PYTEST_")
    pairs = os.environ.items()
    return {name: value for name, value in pairs if not name.startswith(foreign)}


def command(older: Path) -> list[str]:
    """Return what makes the newer tables, then runs the tests.

    On servers that the older version starts for its own tests.
    """
    migrate = [sys.executable, str(PROJECT / "manage.py"), "migrate", "--verbosity=0"]
    chosen = [test for test in CHOSEN if (older / test).exists()]
    options = [
        *("-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"),
        "--ignore-glob=*/test_browser_*.py",
    ]
    tests = [sys.executable, "-m", "pytest", *options, *chosen]
    script = f"{shlex.join(migrate)} && {shlex.join(tests)}"
    servers = ["-m", "shop.devstack", "throwaway", "--"]
    return [sys.executable, *servers, "sh", "-c", script]


def run(command: list[str], folder: Path) -> str:
    """Run it to its end, and leave nothing running when that does not come."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, f"{older_commit()}\n{told}"
    return told


@pytest.mark.timeout(1200)
def test_older_version_works_on_the_tables_of_this_one(older: Path) -> None:
    told = run(command(older), older)
    closing = re.search(r"=+ (\d+) passed.* in [\d.]+s", told)
    assert closing, told
    row = {
        "older version": older_commit(),
        "on the tables of": git("log", "-1", "--format=%h %s"),
        "tests of the older version that passed": int(closing[1]),
        "failed": 0,
    }
    findings_record("older_version", rows=[row])


def migrated(url: str, folder: Path) -> None:
    """Migrate that database with the version in `folder`."""
    run(["env", f"DATABASE_URL={url}", sys.executable, *MIGRATE], folder)


def tables(url: str) -> list[str]:
    """Return what makes the tables, functions and indexes of that database."""
    dump = subprocess.run(
        [program_path("pg_dump"), "--schema-only"],
        env={**os.environ, **libpq_variables(url)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # Such a line has a word that is another each time.
    return [line for line in dump.splitlines() if not line.startswith("\\")]


def rights(url: str) -> list[tuple[str, ...]]:
    """Return what each role may do."""
    with psycopg.connect(url) as session:
        return session.execute(RIGHTS).fetchall()


@pytest.mark.timeout(600)
def test_older_version_becomes_this_one(older: Path) -> None:
    with empty_database("shop_upgraded") as old, empty_database("shop_of_today") as new:
        migrated(old, older)
        migrated(old, PROJECT)
        migrated(new, PROJECT)
        assert tables(old) == tables(new)
        assert rights(old) == rights(new)
        assert rights(new)
