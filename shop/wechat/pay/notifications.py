"""WeChat's notifications, of payments and of refunds: verified and decrypted."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from shop.metrics import NOTIFICATIONS
from shop.wechat.errors import NotificationRefused
from shop.wechat.pay.gateway import client

logger = logging.getLogger(__name__)

NOTIFY_PATH = "/api/payments/wechat/notify"
REFUND_NOTIFY_PATH = "/api/payments/wechat/refund-notify"
# A notification is about 1.5 kB.
NOTIFICATION_MAX_BYTES = 64 * 1024
# The convention of WeChat's own SDKs.
FRESHNESS_SECONDS = 300

_NOTIFICATION_HEADERS = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Signature",
    "Wechatpay-Serial",
    "Wechatpay-Signature-Type",
)


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
    try:
        notification = client().callback(headers=sent, body=body)
    except Exception as error:
        # The library raises anything on malformed input: bad base64, bad UTF-8, …
        raise NotificationRefused from error
    if not isinstance(notification, dict):
        raise NotificationRefused
    if not isinstance(notification.get("resource"), dict):
        raise NotificationRefused
    _require_fresh(sent["Wechatpay-Timestamp"])
    return notification


def _require_fresh(timestamp: str) -> None:
    """Refuse what WeChat has signed at another time than ours, and raise an alarm.

    Anybody can send an odd timestamp; only WeChat signs one.
    """
    digits = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20
    if not digits:
        raise NotificationRefused
    seconds = int(time.time()) - int(timestamp)
    if abs(seconds) > FRESHNESS_SECONDS:
        # Our clock or theirs is off, or somebody replays: either is worth a look.
        logger.error("notification refused: signed %d s ago, not fresh", seconds)
        NOTIFICATIONS.labels("stale").inc()
        raise NotificationRefused
