"""The books to read."""

from __future__ import annotations

from shop.devstack.simulator.books import Books
from shop.devstack.simulator.messages import Answer, Request, json_answer
from shop.devstack.simulator.records import Notification, Payment, Refund


class StateControl:
    """Shows what stands in the books."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def state(self, _request: Request) -> Answer:
        """Answer all that stands in the books; amounts are fen."""
        payments = self._books.payments_with_prepay()
        state = {
            "payments": [_payment(*known) for known in payments],
            "refunds": [_refund(one) for one in self._books.refunds()],
            "messages": [],
            "shippingUploads": [],
            "notifications": [
                _notification(one) for one in self._books.notifications()
            ],
        }
        return json_answer(200, state)


def _payment(payment: Payment, prepay_id: str) -> dict[str, object]:
    return {
        "outTradeNo": payment.out_trade_no,
        "prepayId": prepay_id,
        "transactionId": payment.transaction_id,
        "tradeState": payment.trade_state,
        "total": payment.total,
        "openid": payment.openid,
    }


def _refund(refund: Refund) -> dict[str, object]:
    return {
        "outRefundNo": refund.out_refund_no,
        "refundId": refund.refund_id,
        "outTradeNo": refund.out_trade_no,
        "status": refund.status,
        "refund": refund.refund,
        "total": refund.total,
        "reason": refund.reason,
    }


def _notification(notification: Notification) -> dict[str, object]:
    return {
        "outTradeNo": notification.out_trade_no,
        "outRefundNo": notification.out_refund_no,
        "tries": notification.tries,
        "delivered": bool(notification.delivered),
        "pending": notification.due_at is not None,
        "lastStatus": notification.last_status,
    }
