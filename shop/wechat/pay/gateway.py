"""One call to WeChat Pay, and what its answer means whatever was asked."""

import json
import logging
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from wechatpayv3 import WeChatPay, WeChatPayType

from shop.calls.calling import calling, in_time
from shop.wechat.callee import WECHAT
from shop.wechat.errors import WeChatRefused, WeChatUnavailable

logger = logging.getLogger(__name__)

# Connect, read.
TIMEOUT_SECONDS = (2, 5)
# What passes by itself; WeChat asks to send the same again.
_PASSING = (
    "BIZERR_NEED_RETRY",
    "FREQUENCY_LIMITED",
    "FREQUENCY_LIMIT_EXCEED",
    "RATELIMIT_EXCEEDED",
    "SYSTEM_ERROR",
    "SYSTEMERROR",
)
# A code of WeChat's; an error is not signed, and staff read this.
_CODE = re.compile(r"[0-9A-Za-z_]{1,64}")
# WeChat's own alphabet for the numbers that merchants give.
_NUMBER = re.compile(r"[0-9A-Za-z_|*@-]+")


def fen(amount: Decimal) -> int:
    """Turn yuan into WeChat's unit."""
    return int(amount.scaleb(2).to_integral_exact())


def require_number(text: str) -> None:
    """Refuse what would lead to another path: the library escapes nothing.

    Raises: ValueError.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"no number that WeChat takes: {text!r}")


def client() -> WeChatPay:
    """Return the library's object for the account in the settings."""
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
    made = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG, timeout=TIMEOUT_SECONDS, **account
    )
    # The library knows no other host; public-key mode makes no call before this.
    made._core._gate_way = base
    return made


def call(
    name: str, ask: Callable[[WeChatPay], tuple[int, str | bytes]]
) -> tuple[int, dict[str, Any]]:
    """Make one call; whatever leaves its outcome open is WeChatUnavailable.

    An answer is a success, or a refusal for good with WeChat's `code` in its body.

    Raises: WeChatUnavailable; RuntimeError, in a transaction.
    """
    with calling(name, WECHAT) as measured:
        status, text = _sent(name, ask)
        body = _parsed(status, text)
        if body is None or _is_open(status, body):
            logger.warning("wechat pay %s: status %d", name, status)
            raise WeChatUnavailable
        measured.outcome = "ok" if status < 400 else "refused"
    return status, body


def _sent(
    name: str, ask: Callable[[WeChatPay], tuple[int, str | bytes]]
) -> tuple[int, str | bytes]:
    try:
        pay = client()
        return in_time(lambda: ask(pay), sum(TIMEOUT_SECONDS))
    except Exception as error:
        # requests' errors, a reply whose signature fails, a reply without one. The
        # class alone is logged: the text may hold the URL.
        logger.warning("wechat pay %s: %s", name, type(error).__name__)
        raise WeChatUnavailable from None


def _parsed(status: int, text: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object of an answer; None when it has none, as a proxy's page."""
    if status == 204:
        return {}
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _is_open(status: int, body: Mapping[str, Any]) -> bool:
    """Tell that the answer does not say what was done, or asks to come again."""
    return status >= 500 or status == 429 or body.get("code") in _PASSING


def refusal(name: str, status: int, body: Mapping[str, Any]) -> WeChatRefused:
    """Return the error of an answer that nobody expected, and log it."""
    code = str(body.get("code", ""))
    if not _CODE.fullmatch(code):
        code = ""
    logger.error("wechat pay %s refused: status %d, code %s", name, status, code)
    return WeChatRefused(wechat_code=code)
