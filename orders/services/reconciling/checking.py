"""A day's check from its bill to its result, and which days are still to be checked."""

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, QuerySet, Sum
from django.utils import timezone

from orders.models import BillCheck, CheckResult, Payment
from orders.models.reconciliation import BILL_DAYS_KEPT
from orders.services.reconciling.comparing import (
    payments_booked,
    payments_compare,
    refunds_accepted,
    refunds_compare,
)
from orders.services.reconciling.mending import (
    differences_mend,
    payments_unlisted_told,
    refunds_unlisted_told,
)
from orders.services.reconciling.recording import (
    check_fail,
    check_finish,
    findings_write,
)
from shop.errors import ShopError
from shop.queue import job_enqueue
from shop.wechat import pay
from shop.wechat.errors import BillNotReady, WeChatRefused
from shop.wechat.trade_bill import Bill, PaymentRow, RefundRow

logger = logging.getLogger(__name__)


def bill_check(*, day: date) -> BillCheck:
    """Compare a day's bill with our books, write down what differs, mend what is safe.

    Again it is the same check: nothing is doubled, and what has gone is closed. Two
    at once do the same.

    Locks: none while WeChat is asked; the check when it is written.
    Raises: BillNotReady, BillInvalid, WeChatUnavailable, WeChatRefused; the day is
        written down as still to be checked, unless WeChat keeps its bill no more.
    """
    if day < timezone.localdate() - timedelta(days=BILL_DAYS_KEPT):
        raise WeChatRefused("微信只保留三个月内的账单")
    try:
        bill = _bill(day)
        findings = [
            *payments_compare(bill.payments.values()),
            *payments_unlisted_told(bill, day),
            *refunds_compare(bill.refunds.values()),
            *refunds_unlisted_told(bill, day),
        ]
        check = findings_write(day=day, findings=findings)
        differences_mend(check=check, bill=bill, findings=findings)
    except ShopError as error:
        check_fail(day=day, reason=error.message)
        raise
    check = check_finish(day=day, sums=_sums(bill, day))
    if check.result == CheckResult.DIFFERENCES:
        logger.error(
            "bill of %s: %d differences", check, check.differences.open().count()
        )
    return check


def _bill(day: date) -> Bill:
    """Return WeChat's bill; of a day on which nothing happened there may be none.

    WeChat may say for ever that it is being made: that of a day before yesterday, with
    nothing in our books, won't come any more.
    """
    try:
        return pay.trade_bill(day)
    except BillNotReady:
        is_late = day < timezone.localdate() - timedelta(days=1)
        if is_late and not (
            payments_booked(day).exists() or refunds_accepted(day).exists()
        ):
            return Bill()
        raise


def _sums(bill: Bill, day: date) -> dict[str, Any]:
    """Return counts and amounts of both sides, as a check has them."""
    listed = _of_this_app(bill.payments.values())
    returned = _of_this_app(bill.refunds.values())
    rows = len(bill.payments) + len(bill.refunds)
    shop_payments, shop_paid = _added(payments_booked(day))
    shop_refunds, shop_refunded = _added(refunds_accepted(day))
    return {
        "bill_payments": len(listed),
        "bill_paid": sum(listed, Decimal("0.00")),
        "bill_refunds": len(returned),
        "bill_refunded": sum(returned, Decimal("0.00")),
        "shop_payments": shop_payments,
        "shop_paid": shop_paid,
        "shop_refunds": shop_refunds,
        "shop_refunded": shop_refunded,
        "other_rows": rows - len(listed) - len(returned),
    }


def _of_this_app(rows: Iterable[PaymentRow | RefundRow]) -> list[Decimal]:
    return [row.amount for row in rows if row.appid == settings.WECHAT_APPID]


def _added(rows: QuerySet[Any]) -> tuple[int, Decimal]:
    added = rows.aggregate(count=Count("pk"), amount=Sum("amount"))
    return added["count"], added["amount"] or Decimal("0.00")


def bills_due() -> list[date]:
    """Return the days that are still to be checked, oldest first, to yesterday.

    From the first payment or the first check on, as far back as WeChat keeps bills.
    """
    last = timezone.localdate() - timedelta(days=1)
    paid_at = Payment.objects.aggregate(first=Min("paid_at"))["first"]
    checked = BillCheck.objects.aggregate(first=Min("day"))["first"]
    starts = [checked or last, timezone.localdate(paid_at) if paid_at else last]
    first = max(min(starts), last - timedelta(days=BILL_DAYS_KEPT - 1))
    done = set(
        BillCheck.objects.exclude(result=CheckResult.FAILED)
        .filter(day__gte=first)
        .values_list("day", flat=True)
    )
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day not in done]


def bill_check_later(*, day: date) -> None:
    """Queue the check of a day: it asks WeChat for longer than a page may wait."""
    with transaction.atomic():
        job_enqueue("orders.jobs.bill_check", day=day.isoformat())
