import sqlite3

import pytest

from shop.devstack.simulator.process import SimulatorProcess

from .merchant import Merchant

# What the simulator made before it knew refunds, with a payment of that time.
FIRST_BOOKS = """
CREATE TABLE shoppers (openid TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE spent_codes (code TEXT PRIMARY KEY);
CREATE TABLE tokens (
    token TEXT PRIMARY KEY, issued_at REAL NOT NULL, expires_at REAL NOT NULL,
    forced INTEGER NOT NULL
);
CREATE TABLE payments (
    out_trade_no TEXT PRIMARY KEY, parameters TEXT NOT NULL, openid TEXT NOT NULL,
    total INTEGER NOT NULL, attach TEXT NOT NULL, notify_url TEXT NOT NULL,
    time_expire REAL NOT NULL, trade_state TEXT NOT NULL DEFAULT 'NOTPAY',
    transaction_id TEXT UNIQUE, success_at REAL
);
CREATE TABLE prepays (
    prepay_id TEXT PRIMARY KEY, made_at REAL NOT NULL,
    out_trade_no TEXT NOT NULL REFERENCES payments
);
CREATE INDEX prepays_payment ON prepays (out_trade_no);
CREATE TABLE notifications (
    id TEXT PRIMARY KEY, out_trade_no TEXT NOT NULL REFERENCES payments,
    url TEXT NOT NULL, body BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL, delivered INTEGER NOT NULL DEFAULT 0, last_status INTEGER
);
CREATE INDEX notifications_due ON notifications (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notifications_payment ON notifications (out_trade_no);
INSERT INTO shoppers VALUES ('oShopper', 'shopper');
INSERT INTO tokens VALUES ('old-token', 1, 4102444800, 0);
INSERT INTO payments VALUES (
    'OLD001', '{"description": "tea"}', 'oShopper', 9900, '', 'http://127.0.0.1:9/',
    1, 'SUCCESS', '4200002000202601010000000001', 4102444700
);
INSERT INTO prepays VALUES ('wx0', 1, 'OLD001');
INSERT INTO notifications VALUES
    ('n1', 'OLD001', 'http://127.0.0.1:9/', x'7b7d', 1, NULL, 1, 204);
"""


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "books.sqlite3"
    db = sqlite3.connect(path)
    db.executescript(FIRST_BOOKS)
    db.close()
    with SimulatorProcess(tmp_path / "wechat.json", path) as process:
        yield process


def test_older_books_keep_what_stood_in_them(old):
    assert old.payment("OLD001")["transactionId"] == "4200002000202601010000000001"
    (notification,) = old.state()["notifications"]
    assert (notification["outRefundNo"], notification["lastStatus"]) == (None, 204)


def test_older_books_take_what_is_new(old, shop_door):
    merchant = Merchant(old.world, old.base_url)
    number = merchant.refunded("OLD001", notify_url=shop_door.url)
    shop_door.next()
    assert old.refund(number)["status"] == "SUCCESS"
    body = merchant.message(touser="oShopper")
    assert merchant.message_send(body, token="old-token")["errcode"] == 0
    old.expire_tokens(42001)
    assert merchant.message_send(body, token="old-token")["errcode"] == 42001


def test_books_open_again_and_again(old):
    before = old.state()
    for _ in range(2):
        old.stop()
        old.start()
    assert old.state() == before
