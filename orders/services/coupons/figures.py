"""What a coupon has brought: how many were used, and in which orders."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from orders.models import CouponClaim, Order, OrderStatus

# More would be read row by row while somebody waits for a page.
FIGURES_MAX = 10_000
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class CouponFigures:
    """Sums of a coupon's claims, those that were given back left out."""

    used: int
    # Of the orders that are paid.
    discount_amount: Decimal
    order_amount: Decimal


def coupon_figures(*, coupon_id: int, most: int = FIGURES_MAX) -> CouponFigures | None:
    """Add up what a coupon has brought so far; None if more than `most` are used."""
    used = CouponClaim.objects.filter(coupon=coupon_id, order__isnull=False)
    is_paid = ~Q(status=OrderStatus.PENDING)
    sums = Order.objects.filter(pk__in=used.values("order")[: most + 1]).aggregate(
        used=Count("pk"),
        discount=Sum("discount_amount", filter=is_paid),
        total=Sum("total_amount", filter=is_paid),
    )
    if sums["used"] > most:
        return None
    return CouponFigures(
        used=sums["used"],
        discount_amount=sums["discount"] or _ZERO,
        order_amount=sums["total"] or _ZERO,
    )
