"""The file itself: opened once, locked, and written in transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from shop.devstack.simulator.records import Row

from .schema import schema_ensure


class BooksError(Exception):
    """The books cannot be opened; the text says why, in one line."""


class Store:
    """Typed reads and writes; a write outside `transaction` commits by itself."""

    def __init__(self, path: Path) -> None:
        """Open the books, making them when there are none.

        Raises:
            BooksError: another simulator holds them, or the file is no database.
        """
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=1
            )
            self._db.row_factory = sqlite3.Row
            # What is committed is with the operating system: a killed process loses
            # nothing. The exclusive mode lets no second simulator in.
            for pragma in (
                "locking_mode = EXCLUSIVE",
                "journal_mode = WAL",
                "synchronous = NORMAL",
            ):
                self._db.execute(f"PRAGMA {pragma}")
            schema_ensure(self._db)
        except (OSError, sqlite3.Error) as error:
            raise BooksError(f"{path}: {error}") from error

    def close(self) -> None:
        """Close for good: whoever comes later waits until the process ends."""
        self._lock.acquire()
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the books alone; commit at the end, undo on an exception."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _write(self, sql: str, *values: object) -> int:
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def _insert(self, table: str, row: Row) -> None:
        names = [field.name for field in fields(row)]
        marks = ", ".join("?" * len(names))
        self._write(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - names of columns
            *(getattr(row, name) for name in names),
        )
