"""A day's trade bill as the text that WeChat makes of it.

Source: PAY/…/products/bill-download/format-trade. By general knowledge alone: the byte
order mark, the line ends, and that a closed refund is not listed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .clock import moment
from .records import Payment, Refund
from .world import World

COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,"
    "交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,"
    "商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
SUM_COLUMNS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,"
    "申请退款总金额"
)
FEE_PER_MILLE, FEE_RATE = 6, "0.60%"
REFUND_STATUSES = {"PROCESSING": "PROCESSING", "SUCCESS": "SUCCESS", "ABNORMAL": "FAIL"}


@dataclass(frozen=True)
class Line:
    """A payment, or one of its refunds; `fen` is what the bill says of it."""

    payment: Payment
    refund: Refund | None
    fen: int

    @property
    def at(self) -> float:
        """Return when the payment succeeded or the refund was accepted."""
        return self.refund.created_at if self.refund else self.payment.success_at or 0.0

    @property
    def fee_fen(self) -> int:
        """Return the merchant's fee, which a refund gives back."""
        fee = (self.fen * FEE_PER_MILLE + 500) // 1000
        return -fee if self.refund else fee


def bill_write(world: World, lines: Sequence[Line]) -> bytes:
    """Return the whole file, its sums those of its lines."""
    rows = [_row(world, line) for line in sorted(lines, key=lambda line: line.at)]
    text = [COLUMNS, *map(_joined, rows), SUM_COLUMNS, _joined(_sums(lines))]
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in text).encode()


def _joined(values: Sequence[str]) -> str:
    return ",".join(f"`{value}" for value in values)


def _row(world: World, line: Line) -> list[str]:
    payment, refund, fen = line.payment, line.refund, line.fen
    paid, returned = (0, fen) if refund else (fen, 0)
    return [
        moment(line.at).strftime("%Y-%m-%d %H:%M:%S"),
        world["appid"],
        world["mchid"],
        "0",
        "",
        payment.transaction_id or "",
        payment.out_trade_no,
        payment.openid,
        "JSAPI",
        "REFUND" if refund else "SUCCESS",
        "OTHERS",
        "CNY",
        _yuan(paid),
        "0.00",
        refund.refund_id if refund else "0",
        refund.out_refund_no if refund else "0",
        _yuan(returned),
        "0.00",
        "ORIGINAL" if refund else "",
        REFUND_STATUSES[refund.status] if refund else "",
        _one_line(_description(payment)),
        _one_line(payment.attach),
        _fee(line.fee_fen),
        FEE_RATE,
        _yuan(paid),
        _yuan(returned),
        "",
    ]


def _sums(lines: Sequence[Line]) -> list[str]:
    paid = _yuan(sum(line.fen for line in lines if not line.refund))
    returned = _yuan(sum(line.fen for line in lines if line.refund))
    fee = _fee(sum(line.fee_fen for line in lines))
    return [str(len(lines)), paid, returned, "0.00", fee, paid, returned]


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _fee(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{_yuan(abs(fen))}000"


def _description(payment: Payment) -> str:
    parameters: Mapping[str, str] = json.loads(payment.parameters)
    return parameters["description"]


def _one_line(text: str) -> str:
    return " ".join(text.split())
