"""The database that the workers of pytest-xdist copy: its tables are made once."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit, urlunsplit

import psycopg

from shop.devstack.programs import PROJECT
from shop.devstack.throwaway import MARKER

NAME = "template_of_tests"
_UNFINISHED = f"{NAME}_unfinished"


def template_begin() -> None:
    """Let it be made while the tests are still collected."""
    Thread(target=template_made, daemon=True).start()


def template_made() -> str:
    """Return the database's name; make it when nobody has, wait when somebody is.

    Raises: subprocess.CalledProcessError, after what the migrations have complained of.
    """
    with (Path(os.environ[MARKER]) / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            if not _exists(server):
                _make(server)
    return NAME


def _exists(server: psycopg.Connection) -> bool:
    found = server.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
    return found.fetchone() is not None


def _make(server: psycopg.Connection) -> None:
    server.execute(f"DROP DATABASE IF EXISTS {_UNFINISHED} WITH (FORCE)")
    server.execute(f"CREATE DATABASE {_UNFINISHED}")
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{_UNFINISHED}")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        env={**os.environ, "DATABASE_URL": urlunsplit(url)},
        cwd=PROJECT,
        check=True,
    )
    server.execute(f"ALTER DATABASE {_UNFINISHED} RENAME TO {NAME}")
