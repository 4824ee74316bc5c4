"""Asking WeChat about what differs, and mending it by facts that WeChat has signed."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from orders.errors import PaymentMismatch
from orders.models import BillCheck, DifferenceKind, Refund
from orders.numbers import refund_no_of
from orders.services.payments import payment_settle
from orders.services.reconciling.comparing import (
    Finding,
    payment_say,
    payments_compare,
    payments_unlisted,
    refund_say,
    refunds_compare,
    refunds_unlisted,
)
from orders.services.reconciling.recording import difference_told
from orders.services.refunds import refund_query
from shop.wechat import pay
from shop.wechat.errors import WeChatRefused
from shop.wechat.trade_bill import Bill

logger = logging.getLogger(__name__)

# More than that is not a few of them around midnight, and each costs a call.
ASKED_MAX = 100
# A query's answer, or None when WeChat knows nothing.
Ask = Callable[[str], dict[str, Any] | None]


def payments_unlisted_told(bill: Bill, day: date) -> Iterator[Finding]:
    """Yield what we booked on a day and its bill does not list.

    It may be that of the day before or after, for ours may be our own clock's: WeChat
    is asked when the money came.

    Raises: WeChatUnavailable.
    """
    for index, payment in enumerate(payments_unlisted(bill.payments, day)):
        ask = pay.query if index < ASKED_MAX else None
        facts, done = _asked(ask, payment.out_trade_no, state="trade_state")
        if _day(facts.get("success_time")) in (None, day):
            yield Finding(
                kind=DifferenceKind.UNLISTED_PAYMENT,
                number=payment.out_trade_no,
                shop_says=payment_say(payment),
                done=done,
                order_id=payment.order_id,
            )


def refunds_unlisted_told(bill: Bill, day: date) -> Iterator[Finding]:
    """Yield the refunds of a day that its bill does not list; as for payments.

    A bill has a refund on the day on which WeChat accepted it; we may have heard of
    that later. One that WeChat has closed gave nothing back, and stands nowhere.

    Raises: WeChatUnavailable.
    """
    for index, refund in enumerate(refunds_unlisted(bill.refunds, day)):
        ask = pay.refund_query if index < ASKED_MAX else None
        facts, done = _asked(ask, refund.out_refund_no, state="status")
        is_of_day = _day(facts.get("create_time")) in (None, day)
        if is_of_day and facts.get("status") != "CLOSED":
            yield Finding(
                kind=DifferenceKind.UNLISTED_REFUND,
                number=refund.out_refund_no,
                shop_says=refund_say(refund),
                done=done,
                order_id=refund.order_id,
            )


def _asked(ask: Ask | None, number: str, *, state: str) -> tuple[dict[str, Any], str]:
    """Return WeChat's facts, empty when it tells none, and what staff are told."""
    if ask is None:
        return {}, "数量过多,未逐笔查单"
    try:
        facts = ask(number)
    except WeChatRefused as error:
        return {}, f"微信查单失败 {error.wechat_code}"
    if facts is None:
        return {}, "微信查无此单"
    return facts, f"微信查单:{facts[state]}"


def _day(text: object) -> date | None:
    try:
        moment = parse_datetime(str(text))
    except ValueError:
        return None
    if moment is None or timezone.is_naive(moment):
        return None
    return timezone.localdate(moment)


def differences_mend(
    *, check: BillCheck, bill: Bill, findings: Iterable[Finding]
) -> None:
    """Book what we have missed: never by the bill, which is unsigned, but by a query.

    The process may die between any two; the next check finds what is left.

    Locks: none during the calls; as payment_settle and refund_settle.
    Raises: WeChatUnavailable.
    """
    for finding in findings:
        if finding.kind == DifferenceKind.UNBOOKED_PAYMENT:
            done = _tried(partial(_payment_book, finding.number))
            left = payments_compare([bill.payments[finding.number]])
        elif finding.kind == DifferenceKind.REFUND_STATE:
            done = _tried(partial(_refund_follow, finding.number))
            left = refunds_compare([bill.refunds[finding.number]])
        else:
            continue
        is_mended = next(left, None) is None
        difference_told(check=check, finding=finding, done=done, is_mended=is_mended)
        if is_mended:
            logger.warning("bill of %s: %s mended", check, finding.number)


def _tried(act: Callable[[], str]) -> str:
    try:
        return act()
    except (WeChatRefused, PaymentMismatch) as error:
        return f"未能自动处理:{error.message}"


def _payment_book(out_trade_no: str) -> str:
    facts = pay.query(out_trade_no)
    state = facts["trade_state"] if facts else "查无此单"
    if facts is None or state != "SUCCESS":
        # Refunded elsewhere, or worse.
        return f"未能自动处理:微信查单{state}"
    payment_settle(facts=facts)
    return "已按微信查单结果入账"


def _refund_follow(out_refund_no: str) -> str:
    refund = Refund.objects.get(refund_no=refund_no_of(out_refund_no))
    if refund.out_refund_no != out_refund_no:
        return "未能自动处理:微信关闭过的退款单号又已退款"
    refund_query(refund_id=refund.pk)
    return "已按微信查单结果更新"
