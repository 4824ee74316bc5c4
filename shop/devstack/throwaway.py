"""Throwaway PostgreSQL and Valkey for tests and checks: fast, and gone afterwards."""

import os
import shutil
import tempfile
from pathlib import Path

from shop.devstack.credentials import credentials_make
from shop.devstack.data_directory import lock_open, lock_take
from shop.devstack.environment import environment_merge, shop_environment
from shop.devstack.parts import Parts
from shop.devstack.ports import port_find
from shop.devstack.postgres import UNSAFE_SETTINGS, PostgresServer
from shop.devstack.valkey import ValkeyServer

# Holds the directory; tells a child, such as a worker of pytest-xdist, that the
# servers run already.
MARKER = "SHOP_TEST_SERVERS"
PREFIX = "shop-throwaway-"
LOCK_FILE = "lock"
# What a developer may have set for the shop would make tests depend on it.
SETTINGS_OF_TESTS = {"DEBUG": "0", "LOG_LEVEL": "INFO"}


class Throwaway:
    """The servers of one run, in a directory of their own."""

    def __init__(self) -> None:
        abandoned_remove()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.parts = Parts()
        self._lock: int | None = self._lock_hold()

    def _lock_hold(self) -> int:
        """Take the lock before it has its name: others remove what is not locked."""
        fresh = self.folder / f"{LOCK_FILE}.new"
        lock = lock_open(fresh)
        lock_take(lock)
        fresh.rename(self.folder / LOCK_FILE)
        return lock

    def start(self) -> dict[str, str]:
        """Start both servers; return the settings that lead the shop to them.

        Call it from the main thread: the servers die with the thread.
        """
        credentials = credentials_make()
        postgres = PostgresServer(
            folder=self.folder,
            log=self.folder / "postgres.log",
            password=credentials.postgres_password,
            settings=UNSAFE_SETTINGS,
        )
        valkey = ValkeyServer(
            folder=self.folder,
            log=self.folder / "valkey.log",
            password=credentials.valkey_password,
        )
        try:
            valkey.start(self.parts)
            postgres.start(self.parts)
            settings = shop_environment(
                credentials=credentials,
                folder=self.folder,
                port=port_find(),
                simulator_port=port_find(),
            )
        except BaseException:
            self.stop()
            raise
        servers = {"DATABASE_URL": postgres.url, "VALKEY_URL": valkey.url}
        return settings | servers | SETTINGS_OF_TESTS | {MARKER: str(self.folder)}

    def stop(self) -> None:
        """Stop the servers and remove everything."""
        self.parts.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def abandoned_remove() -> None:
    """Remove the directories of runs that were killed: nobody holds their lock."""
    for lock_path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK_FILE}"):
        try:
            lock = lock_open(lock_path, create=False)
        except OSError:  # Another user's, or gone meanwhile.
            continue
        if lock_take(lock):
            shutil.rmtree(lock_path.parent, ignore_errors=True)
        os.close(lock)


_current: Throwaway | None = None


def servers_start() -> dict[str, str]:
    """Start the servers of this process; return the environment for the shop.

    Call it from the main thread, before the settings are loaded.
    """
    global _current
    _current = Throwaway()
    return _current.start()


def servers_stop() -> None:
    """Stop what servers_start() started, if anything."""
    global _current
    if _current:
        _current.stop()
        _current = None


def environment_apply(settings: dict[str, str]) -> None:
    """Make the settings those of this process and of its children."""
    merged = environment_merge(os.environ, settings)
    os.environ.clear()
    os.environ.update(merged)
