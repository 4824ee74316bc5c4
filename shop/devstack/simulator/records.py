"""The rows of the books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TradeState = Literal["NOTPAY", "SUCCESS", "REFUND", "CLOSED"]
RefundStatus = Literal["PROCESSING", "SUCCESS", "CLOSED", "ABNORMAL"]


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
class Refund:
    """One out_refund_no; amounts are fen, the moments are epoch seconds.

    `due_at`, in real time, is when it succeeds by itself, None once it has ended.
    """

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    total: int
    refund: int
    reason: str
    notify_url: str
    created_at: float
    due_at: float | None
    status: RefundStatus = "PROCESSING"
    success_at: float | None = None


@dataclass(frozen=True)
class Notification:
    """One notification; `due_at` is None once nothing more will be tried.

    With an `out_refund_no` it tells of that refund, else of the payment's success.
    """

    id: str
    out_trade_no: str
    url: str
    body: bytes
    tries: int = 0
    due_at: float | None = None
    delivered: bool = False
    last_status: int | None = None
    out_refund_no: str | None = None


@dataclass(frozen=True)
class Message:
    """One subscribe message; `data` is JSON."""

    msgid: int
    touser: str
    template_id: str
    page: str
    data: str
    miniprogram_state: str
    lang: str


@dataclass(frozen=True)
class Upload:
    """One upload of shipping information, as it was taken; `parcels` is JSON.

    `upload_time` is as the merchant wrote it, `uploaded_at` the same in epoch seconds.
    """

    out_trade_no: str
    logistics_type: int
    delivery_mode: int
    is_finished: bool
    parcels: str
    upload_time: str
    uploaded_at: float


Row = Payment | Prepay | Refund | Notification | Message | Upload
