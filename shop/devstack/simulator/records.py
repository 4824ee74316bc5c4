"""The rows of the books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TradeState = Literal["NOTPAY", "SUCCESS", "REFUND", "CLOSED"]


@dataclass(frozen=True)
class Payment:
    """One out_trade_no; `total` is fen, the moments are epoch seconds."""

    out_trade_no: str
    parameters: str
    openid: str
    total: int
    attach: str
    notify_url: str
    time_expire: float
    trade_state: TradeState = "NOTPAY"
    transaction_id: str | None = None
    success_at: float | None = None


@dataclass(frozen=True)
class Prepay:
    """One prepay_id; a payment may have had several."""

    prepay_id: str
    made_at: float
    out_trade_no: str


@dataclass(frozen=True)
class Notification:
    """One notification; `due_at` is None once nothing more will be tried."""

    id: str
    out_trade_no: str
    url: str
    body: bytes
    tries: int = 0
    due_at: float | None = None
    delivered: bool = False
    last_status: int | None = None
