"""WeChat Pay v3 for a mini-program: payments, refunds, notifications, daily bills.

The library wechatpayv3 signs, verifies and decrypts; what it leaves open is closed
here: it waits for ever, accepts notifications of any age, calls out on an unknown
serial number and raises whatever comes.
"""

from shop.wechat.pay.bills import trade_bill
from shop.wechat.pay.gateway import fen
from shop.wechat.pay.notifications import (
    NOTIFICATION_MAX_BYTES,
    NOTIFY_PATH,
    REFUND_NOTIFY_PATH,
    notification_read,
)
from shop.wechat.pay.refunds import refund, refund_query
from shop.wechat.pay.transactions import client_parameters, close, prepay, query

__all__ = [
    "NOTIFICATION_MAX_BYTES",
    "NOTIFY_PATH",
    "REFUND_NOTIFY_PATH",
    "client_parameters",
    "close",
    "fen",
    "notification_read",
    "prepay",
    "query",
    "refund",
    "refund_query",
    "trade_bill",
]
