"""A payment as WeChat tells of it: in a query's answer and in a notification."""

from __future__ import annotations

from .clock import rfc3339
from .records import Payment
from .world import World

STATE_TEXTS = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "CLOSED": "订单已关闭",
}


def transaction_facts(world: World, payment: Payment) -> dict[str, object]:
    """Return the transaction's public fields; amounts are fen."""
    facts: dict[str, object] = {
        "appid": world["appid"],
        "mchid": world["mchid"],
        "out_trade_no": payment.out_trade_no,
        "attach": payment.attach,
        "trade_state": payment.trade_state,
        "trade_state_desc": STATE_TEXTS[payment.trade_state],
        "payer": {"openid": payment.openid} if payment.transaction_id else {},
        "amount": {"total": payment.total, "currency": "CNY"},
    }
    return facts | _paid_facts(payment)


def _paid_facts(payment: Payment) -> dict[str, object]:
    if payment.transaction_id is None or payment.success_at is None:
        return {}
    return {
        "transaction_id": payment.transaction_id,
        "trade_type": "JSAPI",
        "bank_type": "OTHERS",
        "success_time": rfc3339(payment.success_at),
        "amount": {
            "total": payment.total,
            "payer_total": payment.total,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }
