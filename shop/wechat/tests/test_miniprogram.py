"""What each answer of the mini-program's server API becomes, over real HTTP."""

import json
import logging

import pytest

from conftest import soon_given_up
from shop.errors import RateLimited
from shop.wechat.errors import WeChatRefused, WeChatUnavailable
from shop.wechat.miniprogram import (
    Login,
    WeChatCodeInvalid,
    WeChatMisconfigured,
    WeChatUserBlocked,
    code2session,
    phone_number,
)

GOOD = {"openid": "o1", "session_key": "c2Vzc2lvbi1rZXk="}


@pytest.mark.parametrize("extra", [{}, {"errcode": 0}, {"errcode": None}])
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html"])
def test_success(wechat, say, extra, kind):
    say(GOOD | extra)
    wechat.headers = {"Content-Type": kind}
    assert code2session("c") == Login("o1", "c2Vzc2lvbi1rZXk=")


def test_no_key_in_the_open(say):
    say(GOOD | {"unionid": "u1"})
    login = code2session("c")
    assert login.session_key not in repr(login)


def test_code_is_quoted(wechat, say):
    say(GOOD)
    code2session("a&b=c#/é")
    assert (
        "js_code=a%26b%3Dc%23%2F%C3%A9&grant_type=authorization_code"
        in (wechat.asked[0])
    )


@pytest.mark.parametrize(
    ("errcode", "error", "status", "slug", "message"),
    [
        (
            40029,
            WeChatCodeInvalid,
            400,
            "wechat_code_invalid",
            "登录凭证无效,请重新登录",
        ),
        (
            40163,
            WeChatCodeInvalid,
            400,
            "wechat_code_invalid",
            "登录凭证无效,请重新登录",
        ),
        (
            40226,
            WeChatUserBlocked,
            403,
            "wechat_user_blocked",
            "该微信账号存在风险,暂时无法登录",
        ),
        (45011, RateLimited, 429, "rate_limited", "请求过于频繁,请稍后再试"),
        (-1, WeChatUnavailable, 503, "wechat_unavailable", "登录失败,请重试"),
        (40013, WeChatMisconfigured, 500, "wechat_misconfigured", "登录失败,请重试"),
        (40125, WeChatMisconfigured, 500, "wechat_misconfigured", "登录失败,请重试"),
        (41002, WeChatMisconfigured, 500, "wechat_misconfigured", "登录失败,请重试"),
        (41004, WeChatMisconfigured, 500, "wechat_misconfigured", "登录失败,请重试"),
        (41008, WeChatMisconfigured, 500, "wechat_misconfigured", "登录失败,请重试"),
        (40001, WeChatMisconfigured, 500, "wechat_misconfigured", "登录失败,请重试"),
        (99999, WeChatRefused, 502, "wechat_error", "登录失败,请重试"),
        ("40029", WeChatRefused, 502, "wechat_error", "登录失败,请重试"),
        ([40029], WeChatRefused, 502, "wechat_error", "登录失败,请重试"),
    ],
)
def test_errcode(wechat, say, errcode, error, status, slug, message):
    say({"errcode": errcode, "errmsg": "secret errmsg"})
    with pytest.raises(error) as caught:
        code2session("c")
    raised = caught.value
    assert (raised.http_status, raised.code, raised.message) == (status, slug, message)
    assert "secret" not in str(raised.facts)
    assert len(wechat.asked) == 1


def test_too_often_says_when_to_come_again(say):
    say({"errcode": 45011})
    with pytest.raises(RateLimited) as caught:
        code2session("c")
    assert caught.value.retry_after_seconds == 60


@pytest.mark.parametrize(
    ("errcode", "level"), [(-1, "WARNING"), (40013, "ERROR"), (99999, "ERROR")]
)
def test_operators_hear_of_it(say, caplog, errcode, level):
    say({"errcode": errcode, "errmsg": "secret errmsg"})
    with pytest.raises(Exception, match="登录失败|微信"):
        code2session("c")
    assert [record.levelname for record in caplog.records] == [level]
    assert str(errcode) in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"<html>",
        b'{"openid": "o1"',
        b"\xff\xfe{}",
        b"[" * 50_000,
        b'{"a": "' + b"x" * 600_000 + b'"}',
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_no_json_object(wechat, body):
    wechat.body = body
    with pytest.raises(WeChatUnavailable):
        code2session("c")
    assert len(wechat.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"openid": "o1"},
        {"session_key": "k"},
        GOOD | {"openid": ""},
        GOOD | {"openid": 7},
        GOOD | {"openid": "o" * 129},
        GOOD | {"session_key": None},
    ],
)
def test_incomplete_answer(say, reply):
    say(reply)
    with pytest.raises(WeChatRefused):
        code2session("c")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_error_with_a_good_body(say, status):
    say(GOOD, status)
    with pytest.raises(WeChatUnavailable):
        code2session("c")


def test_redirect_is_not_followed(wechat, settings):
    wechat.status = 302
    wechat.headers = {"Location": f"{settings.WECHAT_API_BASE}/elsewhere"}
    with pytest.raises(WeChatUnavailable):
        code2session("c")
    assert len(wechat.asked) == 1


def phone_reply(**watermark):
    info = {"purePhoneNumber": "13800138000", "watermark": watermark}
    return json.dumps({"errcode": 0, "phone_info": info}).encode()


TOKEN = b'{"access_token": "t1", "expires_in": 7200}'


def test_token_refused_twice(wechat):
    refusal = b'{"errcode": 42001}'
    wechat.answers = [TOKEN, refusal, TOKEN, refusal]
    with pytest.raises(WeChatMisconfigured):
        phone_number("c")
    assert [path.partition("?")[0] for path in wechat.asked] == [
        "/cgi-bin/stable_token",
        "/wxa/business/getuserphonenumber",
    ] * 2


def test_token_near_its_end_is_not_kept(wechat, settings):
    short = TOKEN.replace(b"7200", b"300")
    ours = phone_reply(appid=settings.WECHAT_APPID)
    wechat.answers = [short, ours, short, ours]
    assert [phone_number("c"), phone_number("c")] == ["13800138000"] * 2
    assert len(wechat.asked) == 4


@pytest.mark.parametrize(
    "reply",
    [
        b"{}",
        b'{"phone_info": []}',
        b'{"phone_info": {"purePhoneNumber": "13800138000"}}',
        phone_reply(),
        phone_reply(appid="wx-of-somebody-else"),
    ],
)
def test_number_without_our_watermark(wechat, reply):
    wechat.answers = [TOKEN, reply]
    with pytest.raises(WeChatRefused):
        phone_number("c")


@pytest.mark.parametrize("kind", ["reset", "slow", "html", "half_json"])
@pytest.mark.parametrize(
    ("route", "ask"), [("login", code2session), ("token", phone_number)]
)
def test_secrets_stay_out_of_logs_and_errors(
    simulator, settings, caplog, route, kind, ask
):
    """Nor may the error lead to the request's exception, which prints the URL."""
    caplog.set_level(logging.DEBUG)
    # DEBUG of these prints URLs; the shop's settings keep them at WARNING.
    for name in ("urllib3", "requests"):
        assert logging.getLogger(name).level == logging.WARNING
    simulator.fault(route, kind, seconds=20 if kind == "slow" else None)
    with soon_given_up(), pytest.raises(WeChatUnavailable) as caught:
        ask("sim-canary-code")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    for text in (caplog.text, repr(caught.value), str(caught.value.facts)):
        assert settings.WECHAT_SECRET not in text
        assert "sim-canary-code" not in text
        assert "access_token=" not in text
    assert "WeChat /" in caplog.text
