"""Where a bill and our books differ, both ways; nothing is written and nobody asked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import TypeVar

from django.conf import settings
from django.utils import timezone

from orders.models import DifferenceKind, Payment, Refund, RefundState
from orders.models.payment import RECEIVED, PaymentQuerySet
from orders.models.refund import RefundQuerySet
from orders.numbers import refund_no_of
from shop.days import day_bounds
from shop.wechat.trade_bill import PaymentRow, RefundRow

# One statement looks up so many rows of a bill, which may have a hundred thousand.
BATCH_SIZE = 1000
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing on which the bill and our books don't agree."""

    kind: DifferenceKind
    number: str
    bill_says: str = ""
    shop_says: str = ""
    done: str = ""
    order_id: int | None = None


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH_SIZE)):
        yield batch


def payments_compare(rows: Iterable[PaymentRow]) -> Iterator[Finding]:
    """Yield what our books say differently of payments in a bill.

    A payment of another app under the same merchant is no business of ours.
    """
    for batch in _batches(rows):
        known = _payments(row.out_trade_no for row in batch)
        for row in batch:
            payment = known.get(row.out_trade_no)
            if kind := _payment_kind(row, payment):
                yield Finding(
                    kind=kind,
                    number=row.out_trade_no,
                    bill_says=_say(row.amount, row.transaction_id, row.paid_at),
                    shop_says=payment_say(payment) if payment else "",
                    order_id=payment.order_id if payment else None,
                )


def _payments(numbers: Iterable[str]) -> dict[str, Payment]:
    rows = Payment.objects.defer("facts")
    return rows.in_bulk(list(numbers), field_name="out_trade_no")


def _payment_kind(row: PaymentRow, payment: Payment | None) -> DifferenceKind | None:
    if payment is None:
        is_ours = row.appid == settings.WECHAT_APPID
        return DifferenceKind.UNKNOWN_PAYMENT if is_ours else None
    if payment.amount != row.amount:
        return DifferenceKind.PAYMENT_AMOUNT
    if payment.state not in RECEIVED:
        return DifferenceKind.UNBOOKED_PAYMENT
    if payment.transaction_id != row.transaction_id:
        return DifferenceKind.TRANSACTION_ID
    return None


def refunds_compare(rows: Iterable[RefundRow]) -> Iterator[Finding]:
    """Yield what our books say differently of refunds in a bill.

    One that was made at the merchant platform is of an order of ours all the same.
    """
    for batch in _batches(rows):
        payments = _payments(row.out_trade_no for row in batch)
        known = Refund.objects.defer("facts").in_bulk(
            [refund_no_of(row.out_refund_no) for row in batch], field_name="refund_no"
        )
        for row in batch:
            refund = known.get(refund_no_of(row.out_refund_no))
            payment = payments.get(row.out_trade_no)
            if kind := _refund_kind(row, refund, payment):
                yield Finding(
                    kind=kind,
                    number=row.out_refund_no,
                    bill_says=_say(row.amount, row.status, row.accepted_at),
                    shop_says=refund_say(refund) if refund else "",
                    order_id=payment.order_id if payment else None,
                )


def _refund_kind(
    row: RefundRow, refund: Refund | None, payment: Payment | None
) -> DifferenceKind | None:
    if refund is None:
        is_ours = payment or row.appid == settings.WECHAT_APPID
        return DifferenceKind.UNKNOWN_REFUND if is_ours else None
    paid_by = payment.pk if payment else None
    if (refund.amount, refund.payment_id) != (row.amount, paid_by):
        return DifferenceKind.REFUND_AMOUNT
    if refund.out_refund_no != row.out_refund_no:
        # An attempt that WeChat has closed since: it can't have paid.
        is_right = row.status != "SUCCESS"
    else:
        is_right = _is_ahead(refund, row.status)
    return None if is_right else DifferenceKind.REFUND_STATE


def _is_ahead(refund: Refund, said: str) -> bool:
    """Tell whether we know of it what the bill, made hours ago, said of it."""
    if refund.state == RefundState.FAILED:
        is_heard_of = refund.is_accepted or refund.wechat_error == "CLOSED"
        return is_heard_of and said != "SUCCESS"
    if refund.state == RefundState.PROCESSING:
        return said == "PROCESSING"
    return refund.state == RefundState.SUCCEEDED


def payments_booked(day: date) -> PaymentQuerySet:
    """Return the money that came on a day, by our books."""
    start, end = day_bounds(day)
    return Payment.objects.received().filter(paid_at__gte=start, paid_at__lt=end)


def refunds_accepted(day: date) -> RefundQuerySet:
    """Return the refunds that WeChat accepted on a day, by our books."""
    start, end = day_bounds(day)
    return Refund.objects.filter(accepted_at__gte=start, accepted_at__lt=end)


def payments_unlisted(listed: Iterable[str], day: date) -> list[Payment]:
    """Return the money that we booked on a day and that its bill does not list."""
    booked = payments_booked(day)
    numbers = booked.values_list("out_trade_no", flat=True).iterator()
    missing = set(numbers).difference(listed)
    return list(booked.filter(out_trade_no__in=missing).order_by("pk"))


def refunds_unlisted(listed: Iterable[str], day: date) -> list[Refund]:
    """Return the refunds accepted on a day that its bill does not list."""
    accepted = refunds_accepted(day)
    numbers = accepted.values_list("refund_no", flat=True).iterator()
    # The one listed may be an attempt that WeChat has closed since.
    missing = set(numbers).difference(refund_no_of(number) for number in listed)
    return list(accepted.filter(refund_no__in=missing).order_by("pk"))


def payment_say(payment: Payment) -> str:
    """Put what we know of a payment in a line for staff."""
    state = payment.get_state_display()
    return _say(payment.amount, payment.transaction_id or state, payment.paid_at)


def refund_say(refund: Refund) -> str:
    """Put what we know of a refund in a line for staff."""
    return _say(refund.amount, refund.get_state_display(), refund.accepted_at)


def _say(amount: object, fact: str, at: datetime | None) -> str:
    moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""
    return f"¥{amount} {fact} {moment}".rstrip()
