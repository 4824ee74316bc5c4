"""What a coupon takes off, in plain Python: the yardstick of `coupon_discounts`."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from catalog.models import Sku
from catalog.tree import category_subtree
from orders.models import Coupon, CouponClaim


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


def _is_for(coupon: Coupon, sku: Sku) -> bool:
    if coupon.scope == "all":
        return True
    if coupon.scope == "products":
        return sku.product_id in coupon.target_ids
    category = sku.product.category_id
    return any(category in category_subtree(target) for target in coupon.target_ids)


def fen(amount: Decimal) -> int:
    return int(Decimal(amount).scaleb(2))
