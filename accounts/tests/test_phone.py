"""POST /api/auth/phone: the number behind a code of the phone button."""

import pytest
import requests
from django.core.cache import cache

from accounts.models import User
from conftest import soon_given_up


def bind(api, code="simphone-13800138000"):
    return api.post("/api/auth/phone", {"code": code}, format="json")


def test_bind(shopper_api, simulator):
    answer = bind(shopper_api)
    assert answer.status_code == 200
    assert answer.json() == {
        "code": 0,
        "message": "成功",
        "data": {"phone": "13800138000"},
    }
    assert User.objects.get().phone == "13800138000"


def test_needs_a_shopper(api, staff_api, simulator):
    assert bind(api).status_code == 401
    assert bind(staff_api).status_code == 403


@pytest.mark.parametrize("code", ["", "sim-ann", "simphone-1", "x"])
def test_wrong_code(shopper_api, simulator, code):
    answer = bind(shopper_api, code)
    error = answer.json()["data"]["error"]
    assert (answer.status_code, error) == (
        400,
        "wechat_code_invalid" if code else "invalid",
    )
    assert User.objects.get().phone == ""


def test_message_names_the_number(shopper_api, simulator):
    assert bind(shopper_api, "x").json()["message"] == "手机号授权已失效,请重新获取"


@pytest.mark.parametrize("route", ["token", "phone"])
@pytest.mark.parametrize("kind", ["reset", "500", "html", "half_json", "drop_reply"])
def test_broken_wechat(shopper_api, simulator, route, kind):
    simulator.fault(route, kind)
    answer = bind(shopper_api)
    assert answer.status_code == 503
    assert answer.json() == {
        "code": 503,
        "message": "获取手机号失败,请重试",
        "data": {"error": "wechat_unavailable"},
    }
    assert User.objects.get().phone == ""


def test_slow_wechat(shopper_api, simulator):
    simulator.fault("phone", "slow", seconds=3.5)
    with soon_given_up():
        answer = bind(shopper_api)
    assert answer.json()["data"] == {"error": "wechat_unavailable"}


def test_token_is_kept(shopper_api, simulator):
    bind(shopper_api)
    # Asking for a token again would fail.
    simulator.fault("token", "500")
    assert bind(shopper_api).status_code == 200


def test_refused_token_is_renewed_once(shopper_api, simulator):
    cache.set("wechat:access_token", "an-old-one", 600)
    assert bind(shopper_api).status_code == 200
    assert cache.get("wechat:access_token") != "an-old-one"


def test_token_that_ran_out(shopper_api, simulator):
    bind(shopper_api)
    simulator.shift_clock(7300)
    try:
        assert bind(shopper_api).status_code == 200
    finally:
        simulator.shift_clock(0)


def test_dead_cache(shopper_api, simulator, settings):
    dead = {"LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {name: one | dead for name, one in settings.CACHES.items()}
    assert bind(shopper_api).status_code == 200
    simulator.fault("token", "500")
    # Nothing was kept, so a token is asked for again.
    assert bind(shopper_api).status_code == 503


def test_number_of_another_program(shopper_api, simulator, settings):
    """The token was cached before the appid changed: its numbers are not ours."""
    bind(shopper_api)
    settings.WECHAT_APPID = "wx0000000000000000"
    answer = bind(shopper_api, "simphone-13900139000")
    assert (answer.status_code, answer.json()["data"]["error"]) == (502, "wechat_error")
    assert User.objects.get().phone == "13800138000"


def test_simulator_counts_no_code_as_spent(simulator):
    """The retry rests on this: WeChat looks at the token before the code."""
    url = f"{simulator.base_url}/wxa/business/getuserphonenumber?access_token=x"
    answer = requests.post(url, json={"code": "simphone-13800138000"}, timeout=60)
    assert answer.json()["errcode"] == 40001
