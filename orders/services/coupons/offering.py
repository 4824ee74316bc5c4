"""Which of a shopper's coupons fit what they are about to order."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from orders.errors import CouponNotUsable
from orders.models import Coupon, CouponClaim
from shop.statements import rows_fetch

# Of each coupon the claim that placing would use: the first that ends of those whose
# time has begun. `coupon_discounts` is in orders/sql.
_OFFERED = """
WITH own AS (
    SELECT DISTINCT ON (coupon_id) id
    FROM orders_couponclaim
    WHERE user_id = %(user)s AND order_id IS NULL AND valid_until > %(now)s
    ORDER BY coupon_id, valid_from > %(now)s, valid_until, id
)
SELECT claim, problem, missing, begins, discount FROM coupon_discounts((
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'place', 0, 'claim', id, 'freight', %(freight)s::numeric, 'now', %(now)s
    )), '[]') FROM own
), %(lines)s::jsonb)
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A coupon of the shopper, and what it would take off; None: it can't be used."""

    claim: CouponClaim
    discount_amount: Decimal | None
    reason: str = ""

    @property
    def coupon(self) -> Coupon:
        """Return what was claimed."""
        return self.claim.coupon


def coupons_offered(
    *, user_id: int, lines: Sequence[Mapping[str, Any]], freight: Decimal
) -> list[Offer]:
    """Return one offer for each coupon that a shopper holds, the best first.

    `lines` have place, product, sku, price and quantity. Nothing is locked:
    `orders_place` asks the same function under locks.
    """
    now = timezone.now()
    values = {"user": user_id, "now": now, "freight": freight}
    rows = rows_fetch(_OFFERED, values | {"lines": json.dumps(lines)})
    claims = CouponClaim.objects.select_related("coupon").in_bulk(
        row[0] for row in rows
    )
    offers = [_offer(claims[pk], *verdict) for pk, *verdict in rows]
    return sorted(offers, key=_rank)


def offer_of(offers: Sequence[Offer], coupon_id: int) -> Offer:
    """Return the offer of a coupon that the shopper has chosen.

    Raises: CouponNotUsable.
    """
    found = next((offer for offer in offers if offer.coupon.pk == coupon_id), None)
    if found is None:
        raise CouponNotUsable
    if found.discount_amount is None:
        raise CouponNotUsable(found.reason)
    return found


def _offer(
    claim: CouponClaim,
    problem: str | None,
    missing: Decimal,
    begins: datetime,
    discount: Decimal | None,
) -> Offer:
    reason = problem_told(problem, missing, begins) if problem else ""
    return Offer(claim=claim, discount_amount=discount, reason=reason)


def _rank(offer: Offer) -> tuple[Any, ...]:
    """Sort the best first; of equals the one that ends first, then the older."""
    return (-(offer.discount_amount or 0), offer.claim.valid_until, offer.claim.pk)


def problem_told(problem: str, missing: Decimal, begins: datetime | None) -> str:
    """Say why a coupon can't be used, as `coupon_discounts` has found."""
    if problem == "too_little":
        return f"还差¥{missing:.2f}可用"
    if problem == "not_yet" and begins:
        return f"{timezone.localtime(begins):%Y-%m-%d %H:%M}起可用"
    return _PROBLEMS.get(problem, CouponNotUsable.message)


_PROBLEMS = {
    "other_goods": "所选商品不能使用该优惠券",
    "nothing_off": "订单金额过小,不能再优惠",
}
