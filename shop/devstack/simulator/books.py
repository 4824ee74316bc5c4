"""The simulator's books: one SQLite file that survives kill -9."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from .records import Notification, Payment, Prepay

SCHEMA = """
CREATE TABLE IF NOT EXISTS shoppers (openid TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS spent_codes (code TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, issued_at REAL NOT NULL, expires_at REAL NOT NULL,
    forced INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS payments (
    out_trade_no TEXT PRIMARY KEY, parameters TEXT NOT NULL, openid TEXT NOT NULL,
    total INTEGER NOT NULL, attach TEXT NOT NULL, notify_url TEXT NOT NULL,
    time_expire REAL NOT NULL, trade_state TEXT NOT NULL DEFAULT 'NOTPAY',
    transaction_id TEXT UNIQUE, success_at REAL
);
CREATE TABLE IF NOT EXISTS prepays (
    prepay_id TEXT PRIMARY KEY, made_at REAL NOT NULL,
    out_trade_no TEXT NOT NULL REFERENCES payments
);
CREATE INDEX IF NOT EXISTS prepays_payment ON prepays (out_trade_no);
CREATE TABLE IF NOT EXISTS notifications (
    id TEXT PRIMARY KEY, out_trade_no TEXT NOT NULL REFERENCES payments,
    url TEXT NOT NULL, body BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL, delivered INTEGER NOT NULL DEFAULT 0, last_status INTEGER
);
CREATE INDEX IF NOT EXISTS notifications_due ON notifications (due_at)
    WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS notifications_payment ON notifications (out_trade_no);
"""


class BooksError(Exception):
    """The books cannot be opened; the text says why, in one line."""


class Books:
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
            self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
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

    def _insert(self, table: str, row: Payment | Prepay | Notification) -> None:
        names = [field.name for field in fields(row)]
        marks = ", ".join("?" * len(names))
        self._write(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608
            *(getattr(row, name) for name in names),
        )

    # Shoppers, codes and tokens

    def shopper_add(self, openid: str, name: str) -> None:
        """Remember a shopper who has logged in."""
        self._write("INSERT OR IGNORE INTO shoppers VALUES (?, ?)", openid, name)

    def shopper_exists(self, openid: str) -> bool:
        """Tell whether this openid has ever logged in."""
        return bool(self._all("SELECT 1 FROM shoppers WHERE openid = ?", openid))

    def code_spend(self, code: str) -> bool:
        """Spend a single-use code; False when it was spent before."""
        return self._write("INSERT OR IGNORE INTO spent_codes VALUES (?)", code) == 1

    def token_add(
        self, token: str, *, issued_at: float, expires_at: float, forced: bool
    ) -> None:
        """Remember an access token."""
        self._write(
            "INSERT INTO tokens VALUES (?, ?, ?, ?)",
            token,
            issued_at,
            expires_at,
            forced,
        )

    def token_newest(self) -> tuple[str, float] | None:
        """Return the newest token and when it expires."""
        rows = self._all(
            "SELECT token, expires_at FROM tokens ORDER BY rowid DESC LIMIT 1"
        )
        return (rows[0]["token"], rows[0]["expires_at"]) if rows else None

    def token_expires_at(self, token: str) -> float | None:
        """Return when a token expires, None for an unknown one."""
        rows = self._all("SELECT expires_at FROM tokens WHERE token = ?", token)
        return rows[0]["expires_at"] if rows else None

    def tokens_end(self, expires_at: float) -> None:
        """Let every token end at `expires_at` at the latest."""
        self._write("UPDATE tokens SET expires_at = MIN(expires_at, ?)", expires_at)

    def tokens_forced_at(self, since: float) -> list[float]:
        """Return when tokens were made by force since then, oldest first."""
        rows = self._all(
            "SELECT issued_at FROM tokens WHERE forced AND issued_at > ?"
            " ORDER BY issued_at",
            since,
        )
        return [row["issued_at"] for row in rows]

    # Payments

    def payment_add(self, payment: Payment) -> None:
        """Enter a new payment."""
        self._insert("payments", payment)

    def payment(self, out_trade_no: str) -> Payment | None:
        """Return one payment."""
        rows = self._all("SELECT * FROM payments WHERE out_trade_no = ?", out_trade_no)
        return Payment(**rows[0]) if rows else None

    def payment_success(
        self, out_trade_no: str, *, transaction_id: str, success_at: float
    ) -> None:
        """Enter that the shopper has paid."""
        self._write(
            "UPDATE payments SET trade_state = 'SUCCESS', transaction_id = ?,"
            " success_at = ? WHERE out_trade_no = ? AND trade_state = 'NOTPAY'",
            transaction_id,
            success_at,
            out_trade_no,
        )

    def payment_close(self, out_trade_no: str) -> None:
        """Enter that the merchant has closed an unpaid payment."""
        self._write(
            "UPDATE payments SET trade_state = 'CLOSED'"
            " WHERE out_trade_no = ? AND trade_state = 'NOTPAY'",
            out_trade_no,
        )

    def payments_with_prepay(self) -> list[tuple[Payment, str]]:
        """Return all payments, oldest first, each with its newest prepay_id."""
        rows = self._all(
            "SELECT p.*, (SELECT prepay_id FROM prepays r"
            " WHERE r.out_trade_no = p.out_trade_no ORDER BY rowid DESC LIMIT 1)"
            " AS prepay_id FROM payments p ORDER BY p.rowid"
        )
        return [
            (Payment(*tuple(row)[: len(fields(Payment))]), row["prepay_id"])
            for row in rows
        ]

    def prepay_add(self, prepay: Prepay) -> None:
        """Enter a prepay_id given out."""
        self._insert("prepays", prepay)

    def prepay(self, prepay_id: str) -> Prepay | None:
        """Return one prepay_id's entry."""
        rows = self._all("SELECT * FROM prepays WHERE prepay_id = ?", prepay_id)
        return Prepay(**rows[0]) if rows else None

    def prepay_newest(self, out_trade_no: str) -> Prepay | None:
        """Return the newest prepay_id of a payment."""
        rows = self._all(
            "SELECT * FROM prepays WHERE out_trade_no = ? ORDER BY rowid DESC LIMIT 1",
            out_trade_no,
        )
        return Prepay(**rows[0]) if rows else None

    # Notifications

    def notification_add(self, notification: Notification) -> None:
        """Enter a notification to be delivered."""
        self._insert("notifications", notification)

    def notification_newest(self, out_trade_no: str) -> Notification | None:
        """Return the last notification about a payment."""
        rows = self._all(
            "SELECT * FROM notifications WHERE out_trade_no = ?"
            " ORDER BY rowid DESC LIMIT 1",
            out_trade_no,
        )
        return Notification(**rows[0]) if rows else None

    def notifications_due(self, now: float) -> list[Notification]:
        """Return what is due, oldest first."""
        rows = self._all(
            "SELECT * FROM notifications WHERE due_at <= ? ORDER BY due_at", now
        )
        return [Notification(**row) for row in rows]

    def notifications(self) -> list[Notification]:
        """Return all notifications, oldest first."""
        rows = self._all("SELECT * FROM notifications ORDER BY rowid")
        return [Notification(**row) for row in rows]

    def notifications_next_due_at(self) -> float | None:
        """Return when the next delivery is due, None when none is."""
        at: float | None
        at = self._all("SELECT MIN(due_at) AS at FROM notifications")[0]["at"]
        return at

    def notifications_due_now(self, now: float) -> None:
        """Bring every unfinished delivery forward: its old process is gone."""
        self._write("UPDATE notifications SET due_at = ? WHERE due_at IS NOT NULL", now)

    def notification_update(
        self,
        notification_id: str,
        *,
        due_at: float | None,
        tries: int,
        delivered: bool,
        last_status: int | None,
    ) -> None:
        """Enter how a delivery stands; what was delivered once stays so."""
        self._write(
            "UPDATE notifications SET due_at = ?, tries = ?,"
            " delivered = delivered OR ?, last_status = ? WHERE id = ?",
            due_at,
            tries,
            delivered,
            last_status,
            notification_id,
        )
