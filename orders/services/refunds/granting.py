"""What staff grant: how much, who else must agree, and how much a day may cost."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from orders.errors import DayCapReached
from orders.locks import day_grants_lock
from orders.models import Order, Payment, Refund, RefundItem, RefundState
from orders.models.refund_lines import ZERO
from orders.services.refunds.amounts import (
    Amounts,
    Portion,
    freight_cut,
    portions_cut,
    require_some,
)
from orders.services.refunds.sending import close_if_all_goes_back, send_later
from orders.services.refunds.states import refund_move
from shop.days import day_begin


def amounts_grant(refund: Refund, amounts: Amounts) -> None:
    """Write what of a request goes back and what is kept; both make what it is worth.

    Locks: the caller holds those of the order and the refund.
    Raises: Invalid.
    """
    rows = list(refund.items.select_related("order_item"))
    parts = portions_cut(map(_whole, rows), amounts)
    freight = freight_worth(refund, rows)
    has_left = refund.order.shipments.exists()
    given = freight_cut(freight, amounts.freight, has_left=has_left)
    amount = sum((part.amount for part in parts), given)
    require_some(amount)
    for row, part in zip(rows, parts, strict=True):
        row.amount, row.kept_amount = part.amount, part.kept
    RefundItem.objects.bulk_update(rows, ["amount", "kept_amount"])
    _amount_write(refund, amount)


def freight_worth(refund: Refund, rows: list[RefundItem]) -> Decimal:
    """Return the most that goes back beside the lines of a refund."""
    lines = sum((row.worth for row in rows), ZERO)
    return refund.amount + refund.kept_amount - lines


def _whole(row: RefundItem) -> Portion:
    return Portion(row.order_item, row.quantity, row.unshipped_quantity, row.worth)


def _amount_write(refund: Refund, amount: Decimal) -> None:
    now, less = timezone.now(), refund.amount - amount
    payment = Payment.objects.filter(pk=refund.payment_id)
    payment.update(refund_amount=F("refund_amount") - less, updated_at=now)
    refund.amount, refund.kept_amount = amount, refund.kept_amount + less
    refund.save(update_fields=["amount", "kept_amount", "updated_at"])


def is_second_needed(order: Order, amount: Decimal) -> bool:
    """Tell whether granting so much more of a locked order takes two people.

    What staff have granted before counts: many small ones are a big one.
    """
    limit: Decimal | None = settings.REFUND_TWO_PERSON_ABOVE
    if limit is None:
        return False
    granted = order.refunds.granted_by_staff().aggregate(sum=Sum("amount"))["sum"]
    return (granted or ZERO) + amount > limit


def refund_grant(
    refund: Refund, *, operator_id: int, reason: str, **fields: Any
) -> None:
    """Approve a request for good; its job sends it to WeChat.

    `fields` are set in the same update.

    Locks: the caller holds those of the order and the refund; takes the day's last.
    Raises: IllegalTransition, DayCapReached.
    """
    refund_move(
        refund=refund,
        to=RefundState.APPROVED,
        operator_id=operator_id,
        reason=reason,
        granted_at=timezone.now(),
        **fields,
    )
    close_if_all_goes_back(refund.order)
    send_later(refund)
    day_cap_require(refund)


def day_cap_require(refund: Refund) -> None:
    """Hold what staff grant in a day to the cap, this refund included.

    Locks: the day's grants, until the transaction ends: nothing is locked after it.
    Raises: DayCapReached.
    """
    cap: Decimal | None = settings.REFUND_DAY_CAP
    if cap is None:
        return
    day_grants_lock()
    # The wait may have passed midnight: it counts for the day in which it is checked.
    refund.granted_at = timezone.now()
    refund.save(update_fields=["granted_at", "updated_at"])
    midnight = day_begin(timezone.localdate(refund.granted_at))
    left = cap - _granted_since(midnight) + refund.amount
    if refund.amount > left:
        raise DayCapReached(cap=cap, left=max(left, ZERO))


def _granted_since(moment: datetime) -> Decimal:
    granted = Refund.objects.filter(granted_at__gte=moment)
    return granted.aggregate(sum=Sum("amount"))["sum"] or ZERO
