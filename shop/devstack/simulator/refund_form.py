"""A refund request's parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .parameters import (
    FormInvalid,
    fen_at,
    notify_url_at,
    object_at,
    out_trade_no_at,
    text_at,
)

OUT_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


@dataclass(frozen=True)
class RefundForm:
    """The parameters; amounts are fen, what was not given is empty."""

    transaction_id: str
    out_trade_no: str
    out_refund_no: str
    reason: str
    notify_url: str
    refund: int
    total: int


def refund_form_read(body: dict[str, object]) -> RefundForm:
    """Return the parameters, each well-formed by itself.

    Raises:
        FormInvalid: the first that is not.
    """
    amount = object_at(body, "amount")
    # Unlike a prepay, a refund has no currency by default.
    if amount.get("currency") != "CNY":
        raise FormInvalid("amount/currency", "只支持CNY")
    if not body.get("transaction_id") and not body.get("out_trade_no"):
        raise FormInvalid("transaction_id", "与out_trade_no二选一必填")
    return RefundForm(
        transaction_id=_given(body, "transaction_id", most=32),
        out_trade_no=out_trade_no_at(body) if body.get("out_trade_no") else "",
        out_refund_no=_out_refund_no(body),
        reason=_given(body, "reason", most=80),
        notify_url=notify_url_at(body) if body.get("notify_url") else "",
        refund=fen_at(amount, "refund"),
        total=fen_at(amount, "total"),
    )


def _given(body: dict[str, object], name: str, *, most: int) -> str:
    return text_at(body, name, most=most) if body.get(name) else ""


def _out_refund_no(body: dict[str, object]) -> str:
    value = text_at(body, "out_refund_no", most=64)
    if not OUT_REFUND_NO.fullmatch(value):
        raise FormInvalid("out_refund_no", "只能是数字、字母或 _-|*@")
    return value
