"""The mini-program's server API: logins, phone numbers, the token to call it with.

Source: WX/…/user-login/api_code2session, WX/…/api_getstableaccesstoken.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from django.conf import settings
from django.core.cache import cache

from shop.calls.calling import calling, in_time, reply_read
from shop.errors import RateLimited, ShopError
from shop.wechat.callee import WECHAT
from shop.wechat.errors import WeChatDeclined, WeChatRefused, WeChatUnavailable

logger = logging.getLogger(__name__)

# Connect, read. A shopper waits for this; WeChat documents no figure.
TIMEOUT_SECONDS = (2, 3)
# The longest answer, the list of carriers, is about 100 kB.
REPLY_MAX_BYTES = 512 * 1024
# WeChat renews a token 5 minutes before its end; both are valid in between.
TOKEN_MARGIN_SECONDS = 300
_TOKEN_KEY = "wechat:access_token"  # noqa: S105 - the name of a cache entry
_OPENID_MAX = 128
_JSON = {"Content-Type": "application/json"}

_CODE_INVALID = (40029, 40163)
_USER_BLOCKED = 40226
_TOO_OFTEN = 45011
_TOO_OFTEN_SECONDS = 60
_BUSY = -1
_TOKEN_REFUSED = (40001, 40014, 42001)
# 40001 stands for a wrong secret, too.
_MISCONFIGURED = (40013, 40125, 41002, 41004, 41008, *_TOKEN_REFUSED)
# Busy, too often a day or a minute, and the shipping upload's own words for busy.
_LATER = (_BUSY, 45009, _TOO_OFTEN, 10060012, 10060019)


class WeChatCodeInvalid(ShopError):
    """WeChat does not know the code, or it was used before."""

    code = "wechat_code_invalid"
    http_status = 400
    message = "登录凭证无效,请重新登录"


class WeChatUserBlocked(ShopError):
    """WeChat itself holds this person for a risk."""

    code = "wechat_user_blocked"
    http_status = 403
    message = "该微信账号存在风险,暂时无法登录"


class WeChatMisconfigured(ShopError):
    """Our appid or secret is wrong: an operator must act."""

    code = "wechat_misconfigured"
    http_status = 500
    message = "微信服务异常,请稍后再试"


@dataclass(frozen=True)
class Login:
    """Who sent a login code; the session key must never leave the server."""

    openid: str
    session_key: str = field(repr=False)


@contextmanager
def _worded(*, failure: str, code_invalid: str) -> Iterator[None]:
    """Say what went wrong in the words of the one who waits for it."""
    try:
        yield
    except ShopError as error:
        if isinstance(error, WeChatCodeInvalid):
            error.message = code_invalid
        elif error.http_status >= 500:
            error.message = failure
        raise


@_worded(failure="登录失败,请重试", code_invalid="登录凭证无效,请重新登录")
def code2session(code: str) -> Login:
    """Exchange a login code, once: after a failure only a fresh code can work.

    Raises: WeChatCodeInvalid, WeChatUserBlocked, RateLimited, WeChatUnavailable,
    WeChatMisconfigured, WeChatRefused.
    """
    reply = _checked(
        _call(
            "GET",
            "/sns/jscode2session",
            params={
                "appid": settings.WECHAT_APPID,
                "secret": settings.WECHAT_SECRET,
                "js_code": code,
                "grant_type": "authorization_code",
            },
        )
    )
    openid = _text(reply, "openid")
    if len(openid) > _OPENID_MAX:
        raise WeChatRefused
    return Login(openid=openid, session_key=_text(reply, "session_key"))


@_worded(failure="获取手机号失败,请重试", code_invalid="手机号授权已失效,请重新获取")
def phone_number(code: str) -> str:
    """Return the number behind a code of the phone button, without country code.

    Raises: as code2session().
    """
    reply = _token_call("/wxa/business/getuserphonenumber", {"code": code})
    info = _checked(reply).get("phone_info")
    if not isinstance(info, dict) or not _is_ours(info.get("watermark")):
        logger.error("WeChat sent a phone number without our watermark")
        raise WeChatRefused
    return _text(info, "purePhoneNumber")


def _is_ours(watermark: Any) -> bool:
    return isinstance(watermark, dict) and watermark.get("appid") == (
        settings.WECHAT_APPID
    )


def token_post(path: str, body: dict[str, object]) -> dict[str, Any]:
    """Post to a route that wants the token; return an answer without errcode.

    Raises: WeChatDeclined, which is final; WeChatUnavailable, WeChatMisconfigured,
        WeChatRefused: the same may be sent again later.
    """
    reply = _token_call(path, body)
    errcode = reply.get("errcode") or 0
    if errcode in _LATER:
        logger.warning("WeChat %s: errcode %d", path, errcode)
        raise WeChatUnavailable
    if type(errcode) is int and errcode not in (0, *_MISCONFIGURED):
        logger.warning("WeChat %s declined: errcode %d", path, errcode)
        raise WeChatDeclined(errcode)
    return _checked(reply)


def _token_call(path: str, body: dict[str, object]) -> dict[str, Any]:
    """Post with the token; when WeChat refuses that, with a fresh one, once.

    WeChat looks at the token first: nothing was done, and a code is still good. The
    fresh token is asked for without force. WeChat then answers the one that is valid;
    force would end it while other nodes use it, and is granted 20 times a day.
    """
    reply = _call("POST", path, params={"access_token": _token()}, body=body)
    if reply.get("errcode") in _TOKEN_REFUSED:
        token = _token_fetch()
        reply = _call("POST", path, params={"access_token": token}, body=body)
    return reply


def _token() -> str:
    """Return the token from the cache; with a dead cache, ask anew each time."""
    token = cache.get(_TOKEN_KEY)
    return token if isinstance(token, str) else _token_fetch()


def _token_fetch() -> str:
    """Ask for the token and keep it.

    WeChat answers the same token until it nears its end, so nodes need not agree.
    """
    reply = _checked(
        _call(
            "POST",
            "/cgi-bin/stable_token",
            body={
                "grant_type": "client_credential",
                "appid": settings.WECHAT_APPID,
                "secret": settings.WECHAT_SECRET,
                "force_refresh": False,
            },
        )
    )
    token, seconds = _text(reply, "access_token"), reply.get("expires_in")
    if isinstance(seconds, int) and seconds > TOKEN_MARGIN_SECONDS:
        cache.set(_TOKEN_KEY, token, seconds - TOKEN_MARGIN_SECONDS)
    return token


def _call(
    method: str,
    path: str,
    *,
    params: dict[str, str] | None = None,
    body: dict[str, object] | None = None,
) -> dict[str, Any]:
    """Send one request and return the JSON object that comes back.

    The secret and the token travel in the URL, which a requests exception prints: only
    the exception's class is told, and ours is raised when it is gone.

    Raises: WeChatUnavailable; RuntimeError, in a transaction.
    """
    url = settings.WECHAT_API_BASE + path
    with calling(path, WECHAT) as call:
        try:
            status, raw = in_time(
                lambda: _sent(method, url, params, body), sum(TIMEOUT_SECONDS)
            )
            reply = json.loads(raw)
            if status < 500 and isinstance(reply, dict):
                call.outcome = "refused" if reply.get("errcode") else "ok"
                return reply
            failure = f"HTTP {status}"
        except (OSError, ValueError, RecursionError) as error:
            failure = type(error).__name__
        logger.warning("WeChat %s: %s", path, failure)
        raise WeChatUnavailable


def _sent(
    method: str,
    url: str,
    params: dict[str, str] | None,
    body: dict[str, object] | None,
) -> tuple[int, bytes]:
    with requests.request(
        method,
        url,
        params=params,
        # WeChat judges and shows what it reads as it is: no \u5b57 for 字.
        data=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
        headers=_JSON,
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
        stream=True,
    ) as response:
        return response.status_code, reply_read(response, REPLY_MAX_BYTES)


def _checked(reply: dict[str, Any]) -> dict[str, Any]:
    """Return a reply without errcode (or with 0), else raise what the code means."""
    errcode = reply.get("errcode") or 0
    if errcode != 0:
        raise _refusal(errcode)
    return reply


def _refusal(errcode: Any) -> ShopError:
    if errcode in _CODE_INVALID:
        return WeChatCodeInvalid()
    if errcode == _USER_BLOCKED:
        return WeChatUserBlocked()
    if errcode == _TOO_OFTEN:
        return RateLimited(retry_after_seconds=_TOO_OFTEN_SECONDS)
    level = logging.WARNING if errcode == _BUSY else logging.ERROR
    # Never errmsg: it may repeat what was sent.
    logger.log(level, "WeChat answers errcode %.20r", errcode)
    if errcode == _BUSY:
        return WeChatUnavailable()
    return WeChatMisconfigured() if errcode in _MISCONFIGURED else WeChatRefused()


def _text(reply: dict[str, Any], name: str) -> str:
    value = reply.get(name)
    if not isinstance(value, str) or not value:
        logger.error("WeChat's answer has no %s", name)
        raise WeChatRefused
    return value
