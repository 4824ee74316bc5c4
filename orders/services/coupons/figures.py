"""What a coupon has brought: how many were used, and in which orders."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from orders.models import CouponClaim, OrderStatus

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class CouponFigures:
    """Sums of a coupon's claims, those that were given back left out."""

    used: int
    # Of the orders that are paid.
    discount_amount: Decimal
    order_amount: Decimal


def coupon_figures(*, coupon_id: int) -> CouponFigures:
    """Add up what a coupon has brought so far."""
    used = CouponClaim.objects.filter(coupon=coupon_id, order__isnull=False)
    is_paid = ~Q(order__status=OrderStatus.PENDING)
    sums = used.aggregate(
        used=Count("pk"),
        discount=Sum("order__discount_amount", filter=is_paid),
        total=Sum("order__total_amount", filter=is_paid),
    )
    return CouponFigures(
        used=sums["used"],
        discount_amount=sums["discount"] or _ZERO,
        order_amount=sums["total"] or _ZERO,
    )
