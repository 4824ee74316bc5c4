"""A prepay request's parameters, read as strictly as WeChat reads them."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
TIME_EXPIRE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", flags=re.ASCII
)
DEFAULT_EXPIRE_SECONDS = 7 * 86400
MOST_FEN = 2**31 - 1


class FormInvalid(Exception):
    """A parameter WeChat refuses: where it stands, and what is wrong with it."""

    def __init__(self, place: str, issue: str) -> None:
        super().__init__(f"输入源“/body/{place}”校验失败，{issue}")


@dataclass(frozen=True)
class OrderForm:
    """The parameters; `total` is fen, `time_expire` epoch seconds or None."""

    appid: str
    mchid: str
    out_trade_no: str
    openid: str
    total: int
    attach: str
    notify_url: str
    time_expire: float | None
    canonical: str


def order_form_read(body: dict[str, object]) -> OrderForm:
    """Return the parameters, each well-formed by itself.

    Raises:
        FormInvalid: the first that is not.
    """
    amount, payer = _object(body, "amount"), _object(body, "payer")
    _text(body, "description", most=127)
    if amount.get("currency", "CNY") != "CNY":
        raise FormInvalid("amount/currency", "只支持CNY")
    return OrderForm(
        appid=_text(body, "appid", most=32),
        mchid=_text(body, "mchid", most=32),
        out_trade_no=_out_trade_no(body),
        openid=_text(payer, "openid", most=128, inside="payer/"),
        total=_total(amount.get("total")),
        attach=_text(body, "attach", most=128) if body.get("attach") else "",
        notify_url=_notify_url(body),
        time_expire=_time_expire(body.get("time_expire")),
        canonical=json.dumps(body, sort_keys=True),
    )


def _object(body: dict[str, object], name: str) -> dict[str, object]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise FormInvalid(name, "此字段为必填项")
    return value


def _text(body: dict[str, object], name: str, *, most: int, inside: str = "") -> str:
    value = body.get(name)
    if value is None or value == "":
        raise FormInvalid(inside + name, "此字段为必填项")
    if not isinstance(value, str):
        raise FormInvalid(inside + name, "须为字符串")
    if len(value) > most:
        raise FormInvalid(inside + name, f"字符数 {len(value)}，大于最大值 {most}")
    return value


def _out_trade_no(body: dict[str, object]) -> str:
    value = _text(body, "out_trade_no", most=32)
    if not OUT_TRADE_NO.fullmatch(value):
        raise FormInvalid("out_trade_no", "须为 6-32 个数字、字母或 _-|*")
    return value


def _total(value: object) -> int:
    if type(value) is not int:
        raise FormInvalid("amount/total", "须为整数")
    if not 1 <= value <= MOST_FEN:
        raise FormInvalid("amount/total", f"须在 1 与 {MOST_FEN} 之间")
    return value


def _time_expire(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, str) or not TIME_EXPIRE.fullmatch(value):
        raise FormInvalid("time_expire", "须为 yyyy-MM-DDTHH:mm:ss+TIMEZONE")
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError) as error:
        raise FormInvalid("time_expire", "没有这一时刻") from error


def _notify_url(body: dict[str, object]) -> str:
    value = _text(body, "notify_url", most=255)
    if re.search(r"[\s?#@]", value):
        raise FormInvalid("notify_url", "不能携带参数")
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FormInvalid("notify_url", "不是网址") from error
    # The real one takes HTTPS alone; a shop on the same machine has no certificate.
    plain = parts.scheme == "http" and _is_loopback(host)
    if not host or not (parts.scheme == "https" or plain):
        raise FormInvalid("notify_url", "须为 HTTPS 网址")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
