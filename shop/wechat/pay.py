"""WeChat Pay v3 for a mini-program: prepay, query, close, notifications.

The library wechatpayv3 signs, verifies and decrypts; what it leaves open is closed
here: it waits for ever, accepts notifications of any age, calls out on an unknown
serial number and raises whatever comes.
"""

import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone
from wechatpayv3 import WeChatPay, WeChatPayType

from shop.metrics import wechat_call
from shop.wechat.errors import (
    NotificationRefused,
    PaymentClosed,
    WeChatRefused,
    WeChatUnavailable,
)

logger = logging.getLogger(__name__)

NOTIFY_PATH = "/api/payments/wechat/notify"
TIMEOUT_SECONDS = (2, 5)
# A notification is about 1.5 kB.
NOTIFICATION_MAX_BYTES = 64 * 1024
# The convention of WeChat's own SDKs.
FRESHNESS_SECONDS = 300
# WeChat's own limit for `description`, in characters.
DESCRIPTION_MAX = 127

_NOTIFICATION_HEADERS = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Signature",
    "Wechatpay-Serial",
    "Wechatpay-Signature-Type",
)


def fen(amount: Decimal) -> int:
    """Turn yuan into WeChat's unit."""
    return int(amount.scaleb(2).to_integral_exact())


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
    status, body = _call(
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
        raise _refused("prepay", status, body)
    return prepay_id


def query(out_trade_no: str) -> dict[str, Any] | None:
    """Return what WeChat knows of a payment; None when it knows nothing.

    `trade_state` is SUCCESS, REFUND, NOTPAY or CLOSED; NOTPAY is not final.

    Raises: WeChatUnavailable, WeChatRefused.
    """
    status, body = _call("query", lambda pay: pay.query(out_trade_no=out_trade_no))
    if _is_unknown(body):
        return None
    if status != 200 or "trade_state" not in body:
        raise _refused("query", status, body)
    return body


def close(out_trade_no: str) -> bool:
    """Close a payment; False when WeChat says that it was paid meanwhile.

    True: no payment under this number can come any more.

    Raises: WeChatUnavailable, WeChatRefused.
    """
    status, body = _call("close", lambda pay: pay.close(out_trade_no=out_trade_no))
    if status == 204 or _is_closed(body) or _is_unknown(body):
        return True
    if body.get("code") in {"ORDERPAID", "ORDER_PAID"}:
        return False
    raise _refused("close", status, body)


def _is_unknown(body: Mapping[str, Any]) -> bool:
    """Tell by WeChat's own code; a bare 404 may be a proxy's, or a wrong path."""
    return body.get("code") in {"ORDER_NOT_EXIST", "ORDERNOTEXIST"}


def _is_closed(body: Mapping[str, Any]) -> bool:
    return body.get("code") in {"ORDER_CLOSED", "ORDERCLOSED"}


def client_parameters(prepay_id: str) -> dict[str, str]:
    """Return what the mini-program hands to wx.requestPayment, signed."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    package = f"prepay_id={prepay_id}"
    sign = _pay().sign([settings.WECHAT_APPID, timestamp, nonce, package])
    return {
        "timeStamp": timestamp,
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": sign,
    }


def notification_read(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return a notification, `resource` decrypted, once its signature holds.

    No call leaves the house, whatever the headers say.

    Raises: NotificationRefused.
    """
    sent = {name: headers.get(name, "") for name in _NOTIFICATION_HEADERS}
    if len(body) > NOTIFICATION_MAX_BYTES or not all(sent.values()):
        raise NotificationRefused
    # An unknown serial would make the library ask WeChat for certificates.
    if sent["Wechatpay-Serial"] != settings.WECHAT_PLATFORM_PUBLIC_KEY_ID:
        raise NotificationRefused
    _require_fresh(sent["Wechatpay-Timestamp"])
    try:
        notification = _pay().callback(headers=sent, body=body)
    except Exception as error:
        # The library raises anything on malformed input: bad base64, bad UTF-8, …
        raise NotificationRefused from error
    if not isinstance(notification, dict):
        raise NotificationRefused
    if not isinstance(notification.get("resource"), dict):
        raise NotificationRefused
    return notification


def _require_fresh(timestamp: str) -> None:
    digits = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20
    if not digits or abs(time.time() - int(timestamp)) > FRESHNESS_SECONDS:
        # Our clock or theirs is off, or somebody replays: either is worth a look.
        logger.warning("notification refused: timestamp is not fresh")
        raise NotificationRefused


def _pay() -> WeChatPay:
    return _client(
        settings.WECHAT_PAY_BASE,
        mchid=settings.WECHAT_MCHID,
        private_key=settings.WECHAT_MERCHANT_PRIVATE_KEY,
        cert_serial_no=settings.WECHAT_MERCHANT_SERIAL,
        appid=settings.WECHAT_APPID,
        apiv3_key=settings.WECHAT_API_V3_KEY,
        public_key=settings.WECHAT_PLATFORM_PUBLIC_KEY,
        public_key_id=settings.WECHAT_PLATFORM_PUBLIC_KEY_ID,
    )


@lru_cache(maxsize=4)
def _client(base: str, **account: str) -> WeChatPay:
    """Make the library's object: it parses two keys, so it is kept."""
    client = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG, timeout=TIMEOUT_SECONDS, **account
    )
    # The library knows no other host; public-key mode makes no call before this.
    client._core._gate_way = base
    return client


def _call(
    name: str, call: Callable[[WeChatPay], tuple[int, str | bytes]]
) -> tuple[int, dict[str, Any]]:
    """Make one call; whatever leaves its outcome open is WeChatUnavailable."""
    try:
        with wechat_call(name) as measured:
            status, text = call(_pay())
            if not _is_open(status):
                measured.outcome = "ok" if status < 400 else "refused"
    except Exception as error:
        # requests' errors, a reply whose signature fails, a reply without one. The
        # class alone is logged: the text may hold the URL.
        logger.warning("wechat pay %s: %s", name, type(error).__name__)
        raise WeChatUnavailable from None
    if _is_open(status):
        logger.warning("wechat pay %s: status %d", name, status)
        raise WeChatUnavailable
    return status, _parsed(name, status, text)


def _is_open(status: int) -> bool:
    """Tell that the answer does not say what was done."""
    return status >= 500 or status == 429


def _parsed(name: str, status: int, text: str | bytes) -> dict[str, Any]:
    if status == 204:
        return {}
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        logger.warning("wechat pay %s: status %d without JSON", name, status)
        raise WeChatUnavailable
    return body


def _refused(name: str, status: int, body: Mapping[str, Any]) -> WeChatRefused:
    logger.error(
        "wechat pay %s refused: status %d, code %s", name, status, body.get("code")
    )
    return WeChatRefused()
