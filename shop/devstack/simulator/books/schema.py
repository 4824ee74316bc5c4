"""The tables of the books, made when missing; an older file gains what it lacks."""

from __future__ import annotations

import sqlite3

TABLES = """
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
CREATE TABLE IF NOT EXISTS refunds (
    out_refund_no TEXT PRIMARY KEY, refund_id TEXT NOT NULL UNIQUE,
    out_trade_no TEXT NOT NULL REFERENCES payments,
    transaction_id TEXT NOT NULL, total INTEGER NOT NULL, refund INTEGER NOT NULL,
    reason TEXT NOT NULL, notify_url TEXT NOT NULL, created_at REAL NOT NULL,
    due_at REAL, status TEXT NOT NULL DEFAULT 'PROCESSING', success_at REAL
);
CREATE TABLE IF NOT EXISTS refusers (openid TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS messages (
    msgid INTEGER NOT NULL UNIQUE, touser TEXT NOT NULL, template_id TEXT NOT NULL,
    page TEXT NOT NULL, data TEXT NOT NULL, miniprogram_state TEXT NOT NULL,
    lang TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS uploads (
    out_trade_no TEXT NOT NULL REFERENCES payments,
    logistics_type INTEGER NOT NULL, delivery_mode INTEGER NOT NULL,
    is_finished INTEGER NOT NULL, parcels TEXT NOT NULL, upload_time TEXT NOT NULL,
    uploaded_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS parcels (
    number TEXT PRIMARY KEY, picked_up_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS notifications (
    id TEXT PRIMARY KEY, out_trade_no TEXT NOT NULL REFERENCES payments,
    url TEXT NOT NULL, body BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL, delivered INTEGER NOT NULL DEFAULT 0, last_status INTEGER
);
"""
# What tables have gained since they were first made.
COLUMNS = (
    ("notifications", "out_refund_no", "TEXT"),
    ("tokens", "errcode", "INTEGER NOT NULL DEFAULT 40001"),
    ("shoppers", "seen_at", "REAL NOT NULL DEFAULT 0"),
)
INDEXES = """
CREATE INDEX IF NOT EXISTS prepays_payment ON prepays (out_trade_no);
CREATE INDEX IF NOT EXISTS refunds_payment ON refunds (out_trade_no);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS uploads_payment ON uploads (out_trade_no);
CREATE INDEX IF NOT EXISTS notifications_due ON notifications (due_at)
    WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS notifications_payment ON notifications (out_trade_no);
CREATE INDEX IF NOT EXISTS notifications_refund ON notifications (out_refund_no);
"""


def schema_ensure(db: sqlite3.Connection) -> None:
    """Make what is missing; cut off anywhere, it goes on at the next start."""
    db.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")
    for table, column, kind in COLUMNS:
        known = db.execute("SELECT name FROM pragma_table_info(?)", (table,))
        if column not in {row[0] for row in known}:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    db.executescript(f"BEGIN IMMEDIATE; {INDEXES} COMMIT;")
