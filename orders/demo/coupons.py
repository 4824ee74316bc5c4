"""The coupons of the demo shop: one of each sort."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from catalog.models import Category
from orders.models import CouponKind, CouponScope
from orders.services.coupons import CouponFields, coupon_create, coupon_publish
from shop.days import day_begin

_MONTH = timedelta(days=30)


def demo_coupons_load(*, categories: Mapping[str, Category]) -> None:
    """Publish three coupons, to be claimed from today on; `categories` by name."""
    for written in _coupons(categories):
        coupon_publish(coupon_id=coupon_create(written=written).pk)


def _coupons(categories: Mapping[str, Category]) -> Iterator[CouponFields]:
    today = day_begin(timezone.localdate())
    yield CouponFields(
        title="新人立减10元",
        kind=CouponKind.REDUCTION,
        amount=Decimal("10.00"),
        claim_from=today,
        valid_days=7,
    )
    yield CouponFields(
        title="全场满200减30",
        kind=CouponKind.REDUCTION,
        minimum_amount=Decimal("200.00"),
        amount=Decimal("30.00"),
        total_limit=500,
        user_limit=2,
        claim_from=today,
        claim_until=today + _MONTH,
        valid_from=today,
        valid_until=today + _MONTH,
    )
    yield CouponFields(
        title="茶饮85折",
        kind=CouponKind.PERCENTAGE,
        percent_off=15,
        amount=Decimal("50.00"),
        scope=CouponScope.CATEGORIES,
        target_ids=[categories["茶饮"].pk],
        claim_from=today,
        valid_days=30,
    )
