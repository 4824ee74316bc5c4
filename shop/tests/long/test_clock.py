"""Two clocks ten minutes apart: what WeChat signs is refused, alarmed, and not lost."""

import re

import pytest

from shop.tests.long.running import METRICS_TOKEN, Caller, Shop
from torture.findings import findings_record

pytestmark = pytest.mark.timeout(300)

MINUTES = 10


def counted(shop: Shop, outcome: str) -> float:
    """Return a figure of the notifications."""
    text = shop.web.get("/metrics", Authorization=f"Bearer {METRICS_TOKEN}").text
    line = rf'^shop_notifications_total\{{outcome="{outcome}"\}} (\S+)$'
    found = re.search(line, text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def booked(shop: Shop, order_no: str) -> tuple[str, str, int]:
    """Return the order's status, its payment's state, and how many events it has."""
    query = (
        "SELECT ARRAY[o.status, p.state, (SELECT count(*)::text FROM orders_orderevent"
        " e WHERE e.order_id = o.id)] FROM orders_order o"
        " JOIN orders_payment p ON p.order_id = o.id WHERE o.order_no = %s"
    )
    status, payment, events = shop.postgres.query(query, order_no)
    return status, payment, int(events)


def told_at(shop: Shop, caller: Caller, minutes: int) -> dict[str, str | int]:
    """Let WeChat tell of a payment while its clock is off, and once more later."""
    wechat, key = shop.simulator, {"Idempotency-Key": f"key{minutes}"}
    order_no = caller.order(**key).data["data"]["orderNo"]
    prepay_id, before = caller.prepay(order_no), counted(shop, "stale")
    wechat.shift_clock(minutes * 60)
    wechat.pay(prepay_id=prepay_id)
    refused = counted(shop, "stale") - before
    assert refused >= 1
    assert booked(shop, order_no) == ("pending", "open", 1)
    # Neither key nor token has anything to do with WeChat's clock.
    again = caller.order(**key)
    assert (again.status, again.data["data"]["orderNo"]) == (201, order_no)
    wechat.shift_clock(0)
    [payment] = [
        one for one in wechat.state()["payments"] if one["prepayId"] == prepay_id
    ]
    assert wechat.notify(payment["outTradeNo"]) == 204
    assert booked(shop, order_no) == ("paid", "succeeded", 2)
    return {
        "WeChat's clock": f"{minutes:+d} min",
        "notification": "refused with 400, alarmed",
        "alarms counted": int(refused),
        "booked by it": 0,
        "told again at the right time": "paid, once",
    }


def test_a_notification_of_another_time_books_nothing(running: Shop) -> None:
    caller = Caller(running)
    caller.login()
    rows = [told_at(running, caller, minutes) for minutes in (-MINUTES, MINUTES)]
    log = running.web.log_text
    assert log.count("notification refused: signed ") >= len(rows)
    findings_record("clock", rows=rows)
