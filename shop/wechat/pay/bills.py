"""The daily trade bill: ask for it, download it, and trust it no further than its hash.

The download itself is unsigned. What vouches for it is the SHA-1 of its content, which
comes in an answer that WeChat has signed.
"""

import gzip
import hashlib
import logging
import secrets
import time
import zlib
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

import requests
from django.conf import settings

from shop.calls.calling import calling
from shop.wechat.callee import WECHAT
from shop.wechat.errors import (
    BillInvalid,
    BillNotReady,
    WeChatUnavailable,
)
from shop.wechat.pay.gateway import call, client, refusal
from shop.wechat.trade_bill import Bill, bill_read

logger = logging.getLogger(__name__)

# Packed and unpacked alike; 100,000 rows are some 40 MB unpacked.
BILL_MAX_BYTES = 64 * 1024 * 1024
# Connect, and between two pieces; then for all of them.
TIMEOUT_SECONDS = (2, 10)
DOWNLOAD_SECONDS = 120
_PIECE_BYTES = 64 * 1024


def trade_bill(day: date) -> Bill:
    """Return WeChat's bill of a day; one without payments and refunds is empty.

    WeChat makes it by 10:00 of the next day and keeps it for three months.

    Raises: BillNotReady, BillInvalid, WeChatUnavailable, WeChatRefused.
    Source: PAY/4012556654.
    """
    status, body = call("bill", lambda pay: pay.trade_bill(bill_date=day.isoformat()))
    if body.get("code") == "NO_STATEMENT_EXIST":
        return Bill()
    if body.get("code") == "STATEMENT_CREATING":
        raise BillNotReady("微信账单尚未生成,请稍后再试")
    if status != 200:
        raise refusal("bill", status, body)
    content = _unpacked(_download(_url(body)))
    _require_hash(content, body)
    return bill_read(content, mchid=settings.WECHAT_MCHID)


def _url(body: Mapping[str, Any]) -> str:
    """Return where the bill is, which must be where we have asked for it."""
    url = body.get("download_url")
    if isinstance(url, str) and url.startswith(f"{settings.WECHAT_PAY_BASE}/"):
        return url
    # Not the address itself: its token opens the file.
    logger.error("the bill is said to be on another host")
    raise BillInvalid("微信账单下载地址有误")


def _download(url: str) -> bytes:
    """Fetch the file, as long as it is neither too large nor too slow."""
    try:
        with (
            calling("bill_download", WECHAT) as measured,
            requests.get(
                url,
                headers=_headers(url),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            status = response.status_code
            if status == 200:
                content = _bounded(response)
                measured.outcome = "ok"
                return content
            if 300 <= status < 500 and status != 429:
                measured.outcome = "refused"
                raise refusal("bill_download", status, {})
        failure = f"status {status}"
    except requests.RequestException as error:
        # The class alone: the text holds the URL, and that the token.
        failure = type(error).__name__
    logger.warning("wechat pay bill_download: %s", failure)
    raise WeChatUnavailable


def _headers(url: str) -> dict[str, str]:
    """Sign a GET as the library does; it would wait for ever, and follow redirects."""
    path = requests.Request("GET", url).prepare().path_url
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    fields = {
        "mchid": settings.WECHAT_MCHID,
        "nonce_str": nonce,
        "signature": client().sign(["GET", path, timestamp, nonce, ""]),
        "timestamp": timestamp,
        "serial_no": settings.WECHAT_MERCHANT_SERIAL,
    }
    signed = ",".join(f'{name}="{value}"' for name, value in fields.items())
    return {
        "Authorization": f"WECHATPAY2-SHA256-RSA2048 {signed}",
        "Wechatpay-Serial": settings.WECHAT_PLATFORM_PUBLIC_KEY_ID,
        "Accept": "*/*",
        # The file is packed already.
        "Accept-Encoding": "identity",
    }


def _bounded(response: requests.Response) -> bytes:
    ends_at, content = time.monotonic() + DOWNLOAD_SECONDS, bytearray()
    for piece in response.iter_content(_PIECE_BYTES):
        content += piece
        if len(content) > BILL_MAX_BYTES:
            raise BillInvalid("微信账单过大")
        if time.monotonic() > ends_at:
            raise requests.Timeout
    return bytes(content)


def _unpacked(packed: bytes) -> bytes:
    try:
        with gzip.open(BytesIO(packed)) as file:
            content = file.read(BILL_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise BillInvalid("微信账单压缩包已损坏") from None
    if len(content) > BILL_MAX_BYTES:
        raise BillInvalid("微信账单过大")
    return content


def _require_hash(content: bytes, body: Mapping[str, Any]) -> None:
    # WeChat offers no other; nobody can make a second file of the same SHA-1.
    found = hashlib.sha1(content).hexdigest()  # noqa: S324 - WeChat has no other
    if body.get("hash_type") != "SHA1" or str(body.get("hash_value")).lower() != found:
        logger.error("the bill is not the one whose hash WeChat has signed")
        raise BillInvalid("微信账单校验值不符")
