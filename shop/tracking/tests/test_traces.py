"""Where parcels are, asked of the simulator's Kuaidi100 over real HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from conftest import wait_until
from shop.calls import breaker
from shop.calls.breaker import FAILURES_MAX
from shop.calls.calling import waiting_budget
from shop.devstack.simulator.process import SimulatorProcess
from shop.tracking import Trace, TraceUnavailable, trace_of
from shop.tracking.kuaidi100 import CALLS_MAX, CARRIERS
from shop.wechat import miniprogram
from shop.wechat.tests.dripping import DrippingServer

pytestmark = pytest.mark.usefixtures("simulator")
PHONE = "13800138000"


def trace(number: str = "YT77000021", carrier: str = "YTO", phone: str = PHONE) -> Any:
    return trace_of(carrier=carrier, tracking_no=number, phone=phone)


def kept_seconds() -> list[int]:
    return [cache.ttl(key) for key in cache.iter_keys("trace:*")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_carrier_is_told(carrier: str) -> None:
    told = trace(f"{carrier}77000021", carrier)
    assert told.state == "in_transit"
    assert [step.text for step in told.steps] == [
        "快件已到达目的地转运中心",
        "【杭州市】快件已发往目的地转运中心",
        "【杭州市】快件已到达杭州转运中心",
        "【杭州市】您的快件已由快递员揽收",
    ]
    hours = [told.steps[0].at - step.at for step in told.steps]
    assert [each.total_seconds() / 3600 for each in hours] == [0, 16, 18, 20]
    assert told.steps[0].at.utcoffset() is not None


def test_an_answer_is_kept_half_an_hour_and_the_last_one_a_day(
    simulator: SimulatorProcess,
) -> None:
    first = trace()
    assert [1700 < seconds <= 1800 for seconds in kept_seconds()] == [True]
    simulator.fault("trace", "500")
    assert trace() == first
    with pytest.raises(TraceUnavailable):
        trace("YT77000022")
    # A failure is nothing to keep.
    assert trace("YT77000022").state == "in_transit"
    cache.clear()
    assert trace("YT77000099").state == "delivered"
    assert [86_300 < seconds <= 86_400 for seconds in kept_seconds()] == [True]


def test_what_nothing_is_known_of_has_an_empty_trace_for_half_an_hour(
    simulator: SimulatorProcess,
) -> None:
    """SF tells nothing without a phone; another shopper's answer is another one."""
    assert trace("SF77000021", "SF", phone="") == Trace()
    assert [1700 < seconds <= 1800 for seconds in kept_seconds()] == [True]
    assert trace("SF77000021", "SF").state == "in_transit"


@pytest.mark.parametrize(
    ("number", "carrier"),
    [("YT77000021", "OTHER"), ("YT770", "YTO"), ("Y" * 33, "YTO")],
)
def test_what_nobody_could_know_is_not_asked(
    simulator: SimulatorProcess, number: str, carrier: str
) -> None:
    simulator.fault("trace", "500")
    assert trace(number, carrier) is None


def test_without_a_service_nobody_is_asked(
    simulator: SimulatorProcess, settings: Any
) -> None:
    settings.LOGISTICS_SERVICE = ""
    simulator.fault("trace", "500")
    assert trace() is None


@pytest.mark.parametrize("kind", ["500", "html", "half_json", "reset", "drop_reply"])
def test_no_answer_is_no_trace(simulator: SimulatorProcess, kind: str) -> None:
    simulator.fault("trace", kind)
    with pytest.raises(TraceUnavailable):
        trace()
    assert trace().state == "in_transit"


def test_wrong_keys_are_told_to_operators_without_the_parcel(
    settings: Any, caplog: Any
) -> None:
    settings.KUAIDI100_KEY = "another"
    # The second is not asked: a number that is locked would stay so.
    for _ in range(2):
        with pytest.raises(TraceUnavailable):
            trace()
    told = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert told == ["Kuaidi100 answers returnCode '503'"]
    assert "YT77000021" not in caplog.text
    assert [50 < seconds <= 60 for seconds in kept_seconds()] == [True]


def test_who_does_not_answer_is_left_alone(
    simulator: SimulatorProcess, monkeypatch: Any
) -> None:
    monkeypatch.setattr(breaker, "REST_SECONDS", 3600)
    simulator.fault("trace", "500", FAILURES_MAX)
    for _ in range(FAILURES_MAX + 1):
        with pytest.raises(TraceUnavailable):
            trace()
    # WeChat is somebody else.
    assert miniprogram.code2session("sim-ann").openid


@pytest.mark.django_db
def test_in_a_transaction_nobody_is_asked() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        trace()


def test_who_hangs_takes_no_room_from_wechat(settings: Any) -> None:
    def asked(_: int) -> None:
        with waiting_budget(3), pytest.raises(TraceUnavailable):
            trace()

    with DrippingServer() as dripping, ThreadPoolExecutor(CALLS_MAX) as pool:
        settings.KUAIDI100_BASE = dripping.url
        begun = [pool.submit(asked, number) for number in range(CALLS_MAX)]
        wait_until(lambda: len(dripping.asked) == CALLS_MAX)
        with waiting_budget(5):
            assert miniprogram.code2session("sim-ann").openid
        asked(0)
        for each in begun:
            each.result()
