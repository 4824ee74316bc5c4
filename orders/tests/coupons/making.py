"""Coupons for tests."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Coupon, CouponClaim, CouponKind, Order
from orders.services.coupons import (
    CouponFields,
    coupon_claim,
    coupon_create,
    coupon_publish,
)
from orders.tests.conftest import placed


def fields_of(**given: Any) -> CouponFields:
    """Return what staff write: five yuan off, for whoever comes, for a week."""
    fields = {
        "title": "新人券",
        "kind": CouponKind.REDUCTION,
        "amount": Decimal("5.00"),
        "claim_from": timezone.now() - timedelta(hours=1),
        "valid_days": 7,
    }
    return CouponFields(**fields | given)


def coupon_made(**given: Any) -> Coupon:
    """Make a coupon and publish it."""
    coupon = coupon_create(written=fields_of(**given))
    coupon_publish(coupon_id=coupon.pk)
    coupon.refresh_from_db()
    return coupon


def claimed(shopper: User, coupon: Coupon | None = None, **given: Any) -> CouponClaim:
    """Let a shopper claim a coupon, one that is made for them unless it is given."""
    coupon = coupon or coupon_made(**given)
    claim, is_new = coupon_claim(coupon_id=coupon.pk, user_id=shopper.pk)
    assert is_new
    return claim


def order_of(api: APIClient, *lines: dict[str, Any], **fields: Any) -> Order:
    return Order.objects.get(order_no=placed(api, *lines, **fields)["orderNo"])


def used_by(claim: CouponClaim) -> Order | None:
    claim.refresh_from_db()
    return claim.order
