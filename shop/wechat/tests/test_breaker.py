"""A route that does not answer is left alone for a while."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from conftest import PATIENCE_SECONDS, wait_until
from shop.calls import breaker
from shop.calls.breaker import FAILURES_MAX, REST_SECONDS
from shop.errors import ShopError
from shop.metrics import registry
from shop.wechat import pay
from shop.wechat.errors import WeChatRefused, WeChatUnavailable
from shop.wechat.tests.calls import CALLS

every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture
def clock(monkeypatch):
    """Stop the clock by which a route rests; it moves by hand."""
    moment = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(breaker, "time", SimpleNamespace(monotonic=lambda: moment.now))
    return moment


def query():
    return pay.query("A00001")


def fail(call, times):
    for _ in range(times):
        with pytest.raises(WeChatUnavailable):
            call()


@pytest.mark.usefixtures("clock")
@every_call
def test_failures_in_a_row_end_the_asking(wechat_pay, say, call):
    say({}, 500)
    fail(call, FAILURES_MAX + 3)
    assert len(wechat_pay.asked) == FAILURES_MAX


def test_after_the_rest_one_finds_out(wechat_pay, say, clock):
    say({}, 500)
    fail(query, FAILURES_MAX)
    clock.now += REST_SECONDS - 0.1
    fail(query, 1)
    assert len(wechat_pay.asked) == FAILURES_MAX
    clock.now += 0.1
    fail(query, 2)
    assert len(wechat_pay.asked) == FAILURES_MAX + 1
    clock.now += REST_SECONDS
    say({"trade_state": "NOTPAY"})
    for _ in range(3):
        assert query() == {"trade_state": "NOTPAY"}
    assert len(wechat_pay.asked) == FAILURES_MAX + 4


def test_only_one_finds_out_at_a_time(wechat_pay, say, clock):
    say({}, 500)
    fail(query, FAILURES_MAX)
    clock.now += REST_SECONDS
    answered = threading.Event()
    wechat_pay.before_answer = lambda: answered.wait(PATIENCE_SECONDS)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(query) for _ in range(8)]
        wait_until(lambda: sum(call.done() for call in calls) == 7)
        answered.set()
        errors = [type(call.exception()) for call in calls]
    assert errors == [WeChatUnavailable] * 8
    assert len(wechat_pay.asked) == FAILURES_MAX + 1


@pytest.mark.usefixtures("clock")
def test_answer_between_failures_begins_the_count_anew(wechat_pay, say):
    say({}, 500)
    fail(query, FAILURES_MAX - 1)
    say({"trade_state": "NOTPAY"})
    query()
    say({}, 500)
    fail(query, FAILURES_MAX - 1)
    say({"trade_state": "NOTPAY"})
    assert query() == {"trade_state": "NOTPAY"}


@pytest.mark.usefixtures("clock")
def test_refusals_are_answers(wechat_pay, say):
    say({"code": "PARAM_ERROR"}, 400)
    for _ in range(FAILURES_MAX + 1):
        with pytest.raises(WeChatRefused):
            query()
    say({"errcode": 40029})
    for _ in range(FAILURES_MAX + 1):
        with pytest.raises(ShopError, match="登录凭证无效"):
            CALLS["code2session"]()
    assert len(wechat_pay.asked) == 2 * (FAILURES_MAX + 1)


@pytest.mark.usefixtures("clock")
def test_routes_fail_alone(wechat_pay, say):
    say({}, 500)
    fail(CALLS["refund"], FAILURES_MAX + 1)
    say({"trade_state": "NOTPAY"})
    assert query() == {"trade_state": "NOTPAY"}


@pytest.mark.usefixtures("clock", "wechat_pay")
def test_what_was_not_asked_is_counted(say):
    def counted():
        labels = {"route": "query", "outcome": "not_asked"}
        return registry.get_sample_value("shop_wechat_seconds_count", labels) or 0

    before = counted()
    say({}, 500)
    fail(query, FAILURES_MAX + 2)
    assert counted() - before == 2


@pytest.mark.usefixtures("clock", "wechat_pay")
def test_operators_hear_of_it_once(say, caplog):
    say({}, 500)
    fail(query, FAILURES_MAX + 2)
    errors = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert errors == ["WeChat's query does not answer, left alone"]
