"""WeChat slow, cut off or talking nonsense to a shop that runs: bounded in time."""

from collections.abc import Callable
from functools import partial

import pytest

from shop.tests.long.running import Caller, Shop, Told
from torture.findings import findings_record

pytestmark = pytest.mark.timeout(300)

KINDS = ("slow", "reset", "500", "html", "half_json", "drop_reply")
# Longer than the shop waits for an answer.
SLOW_SECONDS = 15
# All calls of a request take 5 s at the most; a second for everything else, and one
# for a busy machine.
ANSWERED_WITHIN_SECONDS = 7


def oddly(
    shop: Shop, route: str, kind: str, ask: Callable[[], Told]
) -> dict[str, str | int | float]:
    """Ask while WeChat answers oddly once, then again."""
    shop.simulator.fault(route, kind, 1, seconds=SLOW_SECONDS)
    told, again = ask(), ask()
    assert (route, kind, told.status) == (route, kind, 503)
    assert told.data["data"] == {"error": "wechat_unavailable"}
    assert told.headers["Retry-After"]
    assert told.seconds < ANSWERED_WITHIN_SECONDS
    assert again.status == 200, again.data
    return {
        "WeChat's answer": kind,
        "to": route,
        "the shop's": f"{told.status} {told.data['data']['error']}",
        "after, s": told.seconds,
        "asked again": again.status,
    }


def test_each_odd_answer_is_a_503_in_time_and_one_charge(running: Shop) -> None:
    rows = []
    for kind in KINDS:
        caller = Caller(running)
        rows.append(oddly(running, "login", kind, caller.login))
        path = f"/api/orders/{caller.order().data['data']['orderNo']}/pay"
        rows.append(oddly(running, "prepay", kind, partial(caller.ask, "POST", path)))
    numbers = [one["outTradeNo"] for one in running.simulator.state()["payments"]]
    attempts = running.postgres.query("SELECT count(*) FROM orders_payment")
    assert attempts == len(KINDS)
    assert len(set(numbers)) == len(numbers)
    findings_record("wechat_odd", rows=rows)
