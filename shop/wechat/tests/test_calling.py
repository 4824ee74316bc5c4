"""How long WeChat is waited for in all, and that no transaction is open meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from inspect import getmembers, isfunction
from types import SimpleNamespace

import pytest
from django.db import transaction
from requests.adapters import HTTPAdapter

from conftest import PATIENCE_SECONDS, soon_given_up, wait_until
from shop.calls import calling
from shop.calls.calling import (
    CALLS_MAX,
    HANGING_SECONDS,
    in_time,
    waiting_budget,
)
from shop.errors import ShopError
from shop.wechat import content, messages, miniprogram, pay, shipping
from shop.wechat.callee import REQUEST_CALLS_MAX, WECHAT
from shop.wechat.errors import WeChatUnavailable
from shop.wechat.tests.calls import CALLS
from shop.wechat.tests.dripping import DrippingServer

every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def test_every_function_that_calls_is_known_here():
    """Each has its line in CALLS, and so every test below."""
    silent = {"client_parameters", "fen", "notification_read"}
    functions = {name for name in pay.__all__ if callable(getattr(pay, name))} | {
        name
        for module in (miniprogram, messages, shipping, content)
        for name, function in getmembers(module, isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert functions - silent == CALLS.keys()


@pytest.fixture
def dripping(settings):
    """Lead the shop to a WeChat whose answers never end."""
    with DrippingServer() as server:
        settings.WECHAT_API_BASE = settings.WECHAT_PAY_BASE = server.url
        yield server


@pytest.fixture
def clock(monkeypatch):
    """Stop the clock by which budgets pass; it moves by hand."""
    moment = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(calling, "time", SimpleNamespace(monotonic=lambda: moment.now))
    return moment


def test_answer_that_never_ends_is_given_up(dripping):
    """Each byte comes in time: without a bound of the whole this would not end."""

    def asked(call):
        with waiting_budget(2), pytest.raises(WeChatUnavailable):
            call()

    with ThreadPoolExecutor(REQUEST_CALLS_MAX) as pool:
        list(pool.map(asked, CALLS.values()))
    wait_until(lambda: len(dripping.asked) == len(CALLS))


def test_without_a_budget_each_call_has_its_own_time(dripping):
    """As in a job."""
    with soon_given_up(), ThreadPoolExecutor(len(CALLS)) as pool:
        answers = [pool.submit(call) for call in CALLS.values()]
        errors = [type(answer.exception(PATIENCE_SECONDS)) for answer in answers]
    assert errors == [WeChatUnavailable] * len(CALLS)


@every_call
def test_thread_that_was_given_up_ends_by_its_sockets_limits(
    wechat_pay, say, monkeypatch, call
):
    """Seconds to connect and to read, as requests gets them."""
    given = []
    send = HTTPAdapter.send

    def noted(self, request, **options):
        given.append((request.path_url.startswith("/v3/"), options["timeout"]))
        return send(self, request, **options)

    monkeypatch.setattr(HTTPAdapter, "send", noted)
    say({"access_token": "t1", "expires_in": 7200})
    with suppress(ShopError):
        call()
    assert given
    assert set(given) <= {(True, (2, 5)), (False, (2, 3))}


@every_call
def test_nothing_is_asked_when_the_time_is_up(simulator, wechat, clock, call):
    with waiting_budget(60):
        clock.now += 59.6
        with pytest.raises(WeChatUnavailable):
            call()
    assert wechat.asked == []


def test_calls_of_one_budget_share_it(simulator, clock):
    with waiting_budget(60):
        clock.now += 50
        assert CALLS["query"]() is None
        clock.now += 9.6
        with pytest.raises(WeChatUnavailable):
            CALLS["query"]()
    assert CALLS["query"]() is None


def test_budget_is_its_own_threads(simulator, clock):
    with waiting_budget(60), ThreadPoolExecutor(1) as pool:
        clock.now += 60
        assert pool.submit(CALLS["query"]).result() is None


@pytest.fixture
def hanging():
    """Hold all calls that requests may make at a time; set, they end."""
    released, begun = threading.Event(), []

    def hold():
        with waiting_budget(60), calling.calling("held", WECHAT):
            begun.append(1)
            released.wait(PATIENCE_SECONDS)

    with ThreadPoolExecutor(REQUEST_CALLS_MAX) as pool:
        for _ in range(REQUEST_CALLS_MAX):
            pool.submit(hold)
        wait_until(lambda: len(begun) == REQUEST_CALLS_MAX)
        yield released
        released.set()


def test_requests_leave_threads_to_serve_others(simulator, wechat, clock, hanging):
    clock.now += HANGING_SECONDS
    with waiting_budget(60), pytest.raises(WeChatUnavailable):
        CALLS["query"]()
    assert wechat.asked == []
    # A job holds up nobody.
    assert CALLS["query"]() is None


def test_request_waits_for_room_while_others_are_answered(simulator, clock, hanging):
    """No time passes by this clock, so it would wait for ever."""

    def asked():
        with waiting_budget(60):
            return CALLS["query"]()

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(asked)
        hanging.set()
        assert answer.result(PATIENCE_SECONDS) is None


@pytest.mark.django_db
@every_call
def test_no_call_is_made_inside_a_transaction(wechat_pay, call):
    with (
        transaction.atomic(),
        pytest.raises(RuntimeError, match="inside a transaction"),
    ):
        call()
    assert wechat_pay.asked == []


@pytest.mark.django_db(transaction=True)
def test_call_after_the_transaction_is_made(simulator):
    with transaction.atomic():
        pass
    assert CALLS["query"]() is None


def test_call_that_found_no_room_in_time_is_never_made():
    """Nobody would learn of what it does."""
    released, held, made = threading.Event(), [], []

    def hold():
        held.append(1)
        released.wait(PATIENCE_SECONDS)

    def is_full():
        with suppress(TimeoutError):
            in_time(hold, 0.001)
        return len(held) == CALLS_MAX

    wait_until(is_full)
    with pytest.raises(TimeoutError):
        in_time(lambda: made.append("late"), 0.001)
    released.set()
    in_time(lambda: made.append("next"), PATIENCE_SECONDS)
    assert made == ["next"]


@pytest.mark.django_db
def test_calls_of_one_request_share_five_seconds(wechat, shopper_api, clock):
    """The second of two is not made when the first took too long."""
    wechat.answers = [b'{"access_token": "t1", "expires_in": 7200}']
    wechat.before_answer = lambda: setattr(clock, "now", clock.now + 4.6)
    response = shopper_api.post("/api/auth/phone", {"code": "c"}, format="json")
    assert response.status_code == 503
    assert response.json()["data"] == {"error": "wechat_unavailable"}
    assert wechat.asked == ["/cgi-bin/stable_token"]
