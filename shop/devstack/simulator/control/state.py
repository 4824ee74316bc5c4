"""The books to read."""

from __future__ import annotations

import json

from shop.devstack.simulator.books import Books
from shop.devstack.simulator.messages import Answer, Request, json_answer
from shop.devstack.simulator.records import (
    Message,
    Notification,
    Payment,
    Refund,
    Upload,
)


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
            "messages": [_message(one) for one in self._books.messages()],
            "shippingUploads": [self._upload(one) for one in self._books.uploads()],
            "notifications": [
                _notification(one) for one in self._books.notifications()
            ],
        }
        return json_answer(200, state)

    def _upload(self, upload: Upload) -> dict[str, object]:
        payment = self._books.payment(upload.out_trade_no)
        return {
            "outTradeNo": upload.out_trade_no,
            "transactionId": payment.transaction_id if payment else None,
            "logisticsType": upload.logistics_type,
            "deliveryMode": upload.delivery_mode,
            "isAllDelivered": bool(upload.is_finished),
            "shippingList": json.loads(upload.parcels),
            "uploadTime": upload.upload_time,
        }


def _message(message: Message) -> dict[str, object]:
    return {
        "msgid": message.msgid,
        "touser": message.touser,
        "templateId": message.template_id,
        "page": message.page,
        "data": json.loads(message.data),
        "miniprogramState": message.miniprogram_state,
        "lang": message.lang,
    }


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
