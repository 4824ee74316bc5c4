"""Plans at volume: a day's figures are found by indexes, and no table is read whole."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.services.figures import figures_between, figures_refresh
from shop.days import day_bounds

ORDERS = 6_000
DAYS = 100

# A hundred days, each with as many orders, of which each is paid and every tenth is
# refunded; a shopper comes for every fourth.
_FILL = """
INSERT INTO accounts_user (password, is_superuser, openid, session_key_encrypted,
    nickname, avatar, phone, is_staff, is_active, created_at, updated_at)
SELECT '!', false, 'many-' || n, '', '', '', '', false, true,
    now() - n * 4 * %(step)s, now()
FROM generate_series(1, %(orders)s / 4) AS n;

WITH placed AS (
    INSERT INTO orders_order (order_no, user_id, status, goods_amount, freight_amount,
        discount_amount, total_amount, name, phone, province, city, district, detail,
        remark, request_hash, expires_at, due_at, close_reason, paid_at, created_at,
        updated_at)
    SELECT to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYMMDDHH24MISSMS')
            || lpad((n %% 100000)::text, 9, '0'),
        (SELECT min(id) FROM accounts_user WHERE NOT is_staff), 'completed', 99, 0, 0,
        99, '', '', '', '', '', '', '', '', at, at, '', at, at, at
    FROM (SELECT n, now() - n * %(step)s AS at
          FROM generate_series(1, %(orders)s) AS n) AS many
    RETURNING id, order_no, paid_at
), paid AS (
    INSERT INTO orders_payment (order_id, out_trade_no, amount, state, expires_at,
        prepay_id, transaction_id, facts, paid_at, created_at, updated_at)
    SELECT id, order_no || 'P001', 99, 'succeeded', paid_at, '', id, '{}', paid_at,
        paid_at, paid_at FROM placed
    RETURNING id, order_id, out_trade_no, paid_at
)
INSERT INTO orders_refund (refund_no, out_refund_no, order_id, payment_id, kind, state,
    amount, reason, images, answer, is_restocked, wechat_error, accepted_at, created_at,
    updated_at)
SELECT 'R' || out_trade_no, 'R' || out_trade_no || 'T01', order_id, id, 'staff',
    'succeeded', 9, '', '[]', '', false, '', paid_at, paid_at, paid_at
FROM paid WHERE order_id %% 10 = 0
"""

pytestmark = [pytest.mark.usefixtures("many"), pytest.mark.xdist_group("volume")]


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Fill the tables once for all tests here, in a transaction that is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '60s'")
            step = timedelta(days=DAYS) / ORDERS
            cursor.execute(_FILL, {"orders": ORDERS, "step": step})
            for table in ("accounts_user", "orders_order", "orders_payment"):
                cursor.execute(f"ANALYZE {table}")
            cursor.execute("ANALYZE orders_refund")
        yield
        transaction.set_rollback(True)


def plans(act: Any) -> str:
    """Return the plans of what reads orders, payments, refunds or shoppers."""
    with CaptureQueriesContext(connection) as captured:
        act()
    found = []
    with connection.cursor() as cursor:
        for statement in captured.captured_queries:
            if "orders_payment" in statement["sql"]:
                cursor.execute("EXPLAIN " + statement["sql"])
                found += [line for (line,) in cursor.fetchall()]
    return "\n".join(found)


@pytest.mark.parametrize("ago", [0, 1, 50])
def test_a_day_is_found_by_indexes(db: None, ago: int) -> None:
    start, end = day_bounds(timezone.localdate() - timedelta(days=ago))
    found = plans(lambda: figures_between(start, end))
    for index in (
        "orders_order_order_no_key on orders_order",
        "payment_paid_at",
        "refund_accepted_at",
        "user_shopper_since",
    ):
        assert index in found
    assert "Index Only Scan using orders_order_order_no_key" in found
    assert "Seq Scan" not in found


def test_a_finished_day_is_added_up_by_indexes(db: None) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    found = plans(lambda: figures_refresh(days=[yesterday]))
    assert "orders_dailyproductsales" in found
    assert "payment_paid_at" in found
    for table in ("order", "payment", "refund"):
        assert f"Seq Scan on orders_{table} " not in found
