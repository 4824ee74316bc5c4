import base64

import pytest


def errcode(answer):
    assert answer.status_code == 200
    assert set(answer.json()) == {"errcode", "errmsg"}
    return answer.json()["errcode"]


def test_a_shopper_keeps_the_openid_and_gets_a_new_session_key(merchant):
    first, second = (merchant.login("sim-alice").json() for _ in range(2))
    assert first["openid"] == second["openid"]
    assert len(first["openid"]) == 28
    assert first["openid"].startswith("o")
    assert first["session_key"] != second["session_key"]
    assert len(base64.b64decode(first["session_key"], validate=True)) == 16


def test_two_shoppers_have_two_openids(merchant):
    openids = {merchant.login(f"sim-{name}").json()["openid"] for name in "ab"}
    assert len(openids) == 2


def test_success_carries_errcode_zero_every_other_time(merchant):
    bodies = [merchant.login("sim-alice").json() for _ in range(4)]
    plain = {"openid", "session_key"}
    assert sorted(len(body) for body in bodies) == [2, 2, 4, 4]
    assert all(set(body) - plain in (set(), {"errcode", "errmsg"}) for body in bodies)
    assert {body.get("errcode", 0) for body in bodies} == {0}


def test_json_is_labelled_as_text(merchant):
    assert merchant.login("sim-alice").headers["Content-Type"] == "text/plain"


def test_a_single_use_code_logs_in_the_same_shopper_once(merchant):
    first = merchant.login("once-alice-1")
    assert first.json()["openid"] == merchant.login("sim-alice").json()["openid"]
    assert errcode(merchant.login("once-alice-1")) == 40163
    assert "openid" in merchant.login("once-alice-2").json()


@pytest.mark.parametrize(
    "code",
    ["x", "sim-", "sim-a b", "once-alice", "once-alice-", "simphone-13800138000"],
)
def test_any_other_code_is_invalid(merchant, code):
    assert errcode(merchant.login(code)) == 40029


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"appid": None}, 41002),
        ({"appid": ""}, 41002),
        ({"secret": None}, 41004),
        ({"js_code": None}, 41008),
        ({"js_code": ""}, 41008),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": "0" * 32}, 40125),
        ({"grant_type": "client_credential"}, 40002),
        ({"grant_type": None}, 40002),
    ],
)
def test_wrong_parameters(merchant, changed, expected):
    assert errcode(merchant.login("sim-alice", **changed)) == expected


def test_a_refused_call_does_not_spend_the_code(merchant):
    merchant.login("once-carol-1", secret="0" * 32)
    assert "openid" in merchant.login("once-carol-1").json()


def test_login_by_post_is_refused(merchant):
    answer = merchant.http.post(f"{merchant.base_url}/sns/jscode2session", timeout=60)
    assert errcode(answer) == 43001
