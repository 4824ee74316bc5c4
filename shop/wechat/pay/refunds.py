"""Refunds: ask for one, and ask what became of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from shop.wechat.errors import WeChatUnavailable
from shop.wechat.pay.gateway import call, fen, refusal, require_number
from shop.wechat.pay.notifications import REFUND_NOTIFY_PATH

# WeChat's own limit for `reason`, in characters.
REASON_MAX = 80


def refund(
    *,
    out_refund_no: str,
    transaction_id: str,
    reason: str,
    amount: Decimal,
    total: Decimal,
) -> dict[str, Any]:
    """Ask for `amount` of a payment's `total` to be given back; return WeChat's facts.

    `status` is PROCESSING, SUCCESS, CLOSED or ABNORMAL. Under one number WeChat refunds
    once, however often it is asked, so after WeChatUnavailable ask the same again: it
    may have been accepted, or will be later.

    Raises: WeChatUnavailable, WeChatRefused (its `wechat_code` says why, NOT_ENOUGH
        when the merchant's balance is too small).
    Source: PAY/4013071036.
    """
    require_number(out_refund_no)
    status, body = call(
        "refund",
        lambda pay: pay.refund(
            out_refund_no=out_refund_no,
            transaction_id=transaction_id,
            reason=reason[:REASON_MAX],
            amount={"refund": fen(amount), "total": fen(total), "currency": "CNY"},
            # Without one the library sends the payment's.
            notify_url=settings.PUBLIC_URL + REFUND_NOTIFY_PATH,
        ),
    )
    return _facts("refund", status, body, out_refund_no)


def refund_query(out_refund_no: str) -> dict[str, Any] | None:
    """Return WeChat's facts of a refund as refund() does; None when it has none.

    Raises: WeChatUnavailable, WeChatRefused.
    """
    require_number(out_refund_no)
    status, body = call(
        "refund_query", lambda pay: pay.query_refund(out_refund_no=out_refund_no)
    )
    # By WeChat's own code: a bare 404 may be a proxy's, or a wrong path.
    if body.get("code") == "RESOURCE_NOT_EXISTS":
        return None
    return _facts("refund_query", status, body, out_refund_no)


def _facts(
    name: str, status: int, body: Mapping[str, Any], out_refund_no: str
) -> dict[str, Any]:
    if status == 401:
        # Our keys, not this refund: it must not fail for good until they are mended.
        refusal(name, status, body)
        raise WeChatUnavailable
    if status != 200:
        raise refusal(name, status, body)
    is_told = isinstance(body.get("status"), str)
    if body.get("out_refund_no") != out_refund_no or not is_told:
        # Signed by WeChat, yet it does not say what became of this refund.
        raise WeChatUnavailable
    return dict(body)
