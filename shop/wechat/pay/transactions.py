"""Payments: announce, query, close, and what the mini-program needs to pay."""

import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from shop.wechat.errors import PaymentClosed
from shop.wechat.pay.gateway import call, client, fen, refusal, require_number
from shop.wechat.pay.notifications import NOTIFY_PATH

# WeChat's own limit for `description`, in characters.
DESCRIPTION_MAX = 127


def prepay(
    *,
    out_trade_no: str,
    description: str,
    amount: Decimal,
    openid: str,
    expires_at: datetime,
) -> str:
    """Announce a payment; the same parameters again give a fresh prepay_id.

    Raises: WeChatUnavailable (it may have been announced), PaymentClosed,
        WeChatRefused.
    Source: PAY/…/mini-program-payment/apilist.
    """
    require_number(out_trade_no)
    status, body = call(
        "prepay",
        lambda pay: pay.pay(
            description=description[:DESCRIPTION_MAX],
            out_trade_no=out_trade_no,
            amount={"total": fen(amount), "currency": "CNY"},
            payer={"openid": openid},
            time_expire=timezone.localtime(expires_at).isoformat(timespec="seconds"),
            notify_url=settings.PUBLIC_URL + NOTIFY_PATH,
        ),
    )
    if _is_closed(body):
        raise PaymentClosed
    prepay_id = body.get("prepay_id")
    if status != 200 or not isinstance(prepay_id, str) or not prepay_id:
        raise refusal("prepay", status, body)
    return prepay_id


def query(out_trade_no: str) -> dict[str, Any] | None:
    """Return what WeChat knows of a payment; None when it knows nothing.

    `trade_state` is SUCCESS, REFUND, NOTPAY or CLOSED; NOTPAY is not final.

    Raises: WeChatUnavailable, WeChatRefused.
    """
    require_number(out_trade_no)
    status, body = call("query", lambda pay: pay.query(out_trade_no=out_trade_no))
    if _is_unknown(body):
        return None
    if status != 200 or "trade_state" not in body:
        raise refusal("query", status, body)
    return body


def close(out_trade_no: str) -> bool:
    """Close a payment; False when WeChat says that it was paid meanwhile.

    True: no payment under this number can come any more.

    Raises: WeChatUnavailable, WeChatRefused.
    """
    require_number(out_trade_no)
    status, body = call("close", lambda pay: pay.close(out_trade_no=out_trade_no))
    if status == 204 or _is_closed(body) or _is_unknown(body):
        return True
    if body.get("code") in ("ORDERPAID", "ORDER_PAID"):
        return False
    raise refusal("close", status, body)


def _is_unknown(body: Mapping[str, Any]) -> bool:
    """Tell by WeChat's own code; a bare 404 may be a proxy's, or a wrong path."""
    return body.get("code") in ("ORDER_NOT_EXIST", "ORDERNOTEXIST")


def _is_closed(body: Mapping[str, Any]) -> bool:
    return body.get("code") in ("ORDER_CLOSED", "ORDERCLOSED")


def client_parameters(prepay_id: str) -> dict[str, str]:
    """Return what the mini-program hands to wx.requestPayment, signed."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    package = f"prepay_id={prepay_id}"
    sign = client().sign([settings.WECHAT_APPID, timestamp, nonce, package])
    return {
        "timeStamp": timestamp,
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": sign,
    }
