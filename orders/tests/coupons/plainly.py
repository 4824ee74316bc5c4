"""What a coupon takes off, in plain Python: the yardstick of `coupon_discounts`."""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils import timezone

from catalog.models import Sku
from catalog.tree import category_subtree
from orders.errors import CouponNotUsable
from orders.models import Coupon, CouponClaim
from orders.services.coupons import problem_told
from orders.services.quoting import Line


def coupon_plainly(
    user_id: int, coupon_id: int | None, lines: Sequence[Line], freight: Decimal
) -> tuple[CouponClaim | None, Mapping[int, Decimal]]:
    """Return what an order uses of a coupon, and the shares of its lines."""
    if coupon_id is None:
        return None, {}
    now = timezone.now()
    rows = CouponClaim.objects.select_for_update().order_by("pk")
    own = rows.filter(user=user_id, coupon=coupon_id, order=None, valid_until__gt=now)
    by_end = sorted(
        own, key=lambda one: (one.valid_from > now, one.valid_until, one.pk)
    )
    if not by_end:
        raise CouponNotUsable
    claim = by_end[0]
    counts = {_at_its_price(line): line.quantity for line in lines}
    problem, shares = discount_plainly(claim, counts, freight, now)
    if problem:
        fit = [sku for sku in counts if _is_for(claim.coupon, sku)]
        cost = sum(sku.price * counts[sku] for sku in fit)
        missing = claim.coupon.minimum_amount - cost
        raise CouponNotUsable(problem_told(problem, missing, claim.valid_from))
    return claim, shares


def discount_plainly(
    claim: CouponClaim,
    lines: Mapping[Sku, int],
    freight: Decimal,
    now: datetime,
) -> tuple[str | None, dict[int, Decimal]]:
    """Return why it can't be used, or None, and the shares of the lines by SKU."""
    coupon = claim.coupon
    costs = {sku.pk: fen(sku.price * count) for sku, count in lines.items()}
    fit = {sku.pk: costs[sku.pk] for sku in lines if _is_for(coupon, sku)}
    eligible = sum(fit.values())
    off = fen(coupon.amount)
    if coupon.percent_off is not None:
        off = min(off, eligible * coupon.percent_off // 100)
    off = min(off, eligible, sum(costs.values()) + fen(freight) - 1)
    problems = {
        "used": claim.order_id is not None,
        "expired": claim.valid_until <= now,
        "not_yet": claim.valid_from > now,
        "other_goods": not fit,
        "too_little": eligible < fen(coupon.minimum_amount),
        "nothing_off": off < 1,
    }
    for problem, is_so in problems.items():
        if is_so:
            return problem, {}
    return None, {sku: Decimal(share).scaleb(-2) for sku, share in shared(off, fit)}


def shared(off: int, fit: Mapping[int, int]) -> list[tuple[int, int]]:
    """Give the fen that are left over to those who lack most of one."""
    whole = sum(fit.values())
    exact = {sku: Fraction(off * cost, whole) for sku, cost in fit.items()}
    shares = {sku: int(share) for sku, share in exact.items()}
    by_rest = sorted(exact, key=lambda sku: (shares[sku] - exact[sku], sku))
    for sku in by_rest[: off - sum(shares.values())]:
        shares[sku] += 1
    return sorted(shares.items())


def _at_its_price(line: Line) -> Sku:
    """Return a SKU that costs what it does in a flash sale."""
    sku = copy(line.sku)
    sku.price = line.price
    return sku


def _is_for(coupon: Coupon, sku: Sku) -> bool:
    if coupon.scope == "all":
        return True
    if coupon.scope == "products":
        return sku.product_id in coupon.target_ids
    category = sku.product.category_id
    return any(category in category_subtree(target) for target in coupon.target_ids)


def fen(amount: Decimal) -> int:
    return int(Decimal(amount).scaleb(2))
