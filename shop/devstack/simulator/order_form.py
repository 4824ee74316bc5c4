"""A prepay request's parameters."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime

from .parameters import (
    FormInvalid,
    fen_at,
    notify_url_at,
    object_at,
    out_trade_no_at,
    text_at,
)

TIME_EXPIRE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", flags=re.ASCII
)
DEFAULT_EXPIRE_SECONDS = 7 * 86400


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
    amount, payer = object_at(body, "amount"), object_at(body, "payer")
    text_at(body, "description", most=127)
    if amount.get("currency", "CNY") != "CNY":
        raise FormInvalid("amount/currency", "只支持CNY")
    return OrderForm(
        appid=text_at(body, "appid", most=32),
        mchid=text_at(body, "mchid", most=32),
        out_trade_no=out_trade_no_at(body),
        openid=text_at(payer, "openid", most=128, inside="payer/"),
        total=fen_at(amount, "total"),
        attach=text_at(body, "attach", most=128) if body.get("attach") else "",
        notify_url=notify_url_at(body),
        time_expire=_time_expire(body.get("time_expire")),
        canonical=json.dumps(body, sort_keys=True),
    )


def _time_expire(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, str) or not TIME_EXPIRE.fullmatch(value):
        raise FormInvalid("time_expire", "须为 yyyy-MM-DDTHH:mm:ss+TIMEZONE")
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError) as error:
        raise FormInvalid("time_expire", "没有这一时刻") from error
