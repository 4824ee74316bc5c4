"""A payment or a refund as WeChat tells of it: in answers and in notifications."""

from __future__ import annotations

from .clock import rfc3339
from .records import Payment, Refund
from .world import World

STATE_TEXTS = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "CLOSED": "订单已关闭",
}
RECEIVED_BY = "支付用户零钱"


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


def refund_facts(refund: Refund) -> dict[str, object]:
    """Return a refund's fields as its request and its query answer them."""
    facts: dict[str, object] = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": RECEIVED_BY,
        "create_time": rfc3339(refund.created_at),
        "status": refund.status,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": refund.total,
            "refund": refund.refund,
            "from": [],
            "payer_total": refund.total,
            "payer_refund": refund.refund,
            "settlement_refund": refund.refund,
            "settlement_total": refund.total,
            "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
    }
    return facts | _success_time(refund)


def refund_news(world: World, refund: Refund) -> dict[str, object]:
    """Return the fields that a refund's notification tells: other ones, and fewer."""
    facts: dict[str, object] = {
        "mchid": world["mchid"],
        "out_trade_no": refund.out_trade_no,
        "transaction_id": refund.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_status": refund.status,
        "user_received_account": RECEIVED_BY,
        "amount": {
            "total": refund.total,
            "refund": refund.refund,
            "payer_total": refund.total,
            "payer_refund": refund.refund,
        },
    }
    return facts | _success_time(refund)


def _success_time(refund: Refund) -> dict[str, object]:
    if refund.success_at is None:
        return {}
    return {"success_time": rfc3339(refund.success_at)}
