"""Parameters of a Pay v3 body, read as strictly as WeChat reads them."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
MOST_FEN = 2**31 - 1


class FormInvalid(Exception):
    """A parameter WeChat refuses: where it stands, and what is wrong with it."""

    def __init__(self, place: str, issue: str) -> None:
        super().__init__(f"输入源“/body/{place}”校验失败，{issue}")


def object_at(body: dict[str, object], name: str) -> dict[str, object]:
    """Return the object called `name`.

    Raises:
        FormInvalid: there is none.
    """
    value = body.get(name)
    if not isinstance(value, dict):
        raise FormInvalid(name, "此字段为必填项")
    return value


def text_at(body: dict[str, object], name: str, *, most: int, inside: str = "") -> str:
    """Return the text called `name`, of at most so many characters.

    Raises:
        FormInvalid: it is missing, empty, too long or no text.
    """
    value = body.get(name)
    if value is None or value == "":
        raise FormInvalid(inside + name, "此字段为必填项")
    if not isinstance(value, str):
        raise FormInvalid(inside + name, "须为字符串")
    if len(value) > most:
        raise FormInvalid(inside + name, f"字符数 {len(value)}，大于最大值 {most}")
    return value


def out_trade_no_at(body: dict[str, object]) -> str:
    """Return the merchant's number of the payment.

    Raises:
        FormInvalid: it is missing or malformed.
    """
    value = text_at(body, "out_trade_no", most=32)
    if not OUT_TRADE_NO.fullmatch(value):
        raise FormInvalid("out_trade_no", "须为 6-32 个数字、字母或 _-|*")
    return value


def fen_at(amount: dict[str, object], name: str) -> int:
    """Return a sum of an `amount`, in fen.

    Raises:
        FormInvalid: it is no whole number from 1.
    """
    value = amount.get(name)
    if type(value) is not int:
        raise FormInvalid(f"amount/{name}", "须为整数")
    if not 1 <= value <= MOST_FEN:
        raise FormInvalid(f"amount/{name}", f"须在 1 与 {MOST_FEN} 之间")
    return value


def notify_url_at(body: dict[str, object]) -> str:
    """Return where to send the notification.

    Raises:
        FormInvalid: no HTTPS address without a query string, nor one on loopback.
    """
    value = text_at(body, "notify_url", most=255)
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
