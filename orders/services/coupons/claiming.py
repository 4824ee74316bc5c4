"""A coupon goes into a shopper's hands: taken, or given by staff."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.errors import UserNotFound
from accounts.locks import shopper_hold
from orders.errors import CouponGone, CouponLimit, CouponNotOpen
from orders.locks import coupon_lock
from orders.models import Coupon, CouponClaim, CouponStatus
from shop.days import day_begin
from shop.errors import Invalid, NotFound

_NOT_FOUND = "优惠券不存在"


@transaction.atomic(durable=True)
def coupon_claim(
    *, coupon_id: int, user_id: int, idempotency_key: str | None = None
) -> tuple[CouponClaim, bool]:
    """Take a coupon; return it and whether it was taken by this very call.

    The same key again gets what it took, whatever has become of it. So does, without
    one, whoever has had as many as one may have, and holds one that is good still.

    Locks: the shopper, against deletion; then the coupon, whose limits are held by it.
    Raises: NotFound, UserNotFound, CouponLimit, CouponNotOpen, CouponGone.
    """
    coupon = _coupon_locked(coupon_id, user_id)
    if coupon.status == CouponStatus.DRAFT:
        raise NotFound(_NOT_FOUND)
    now = timezone.now()
    if (held := _held(coupon, user_id, idempotency_key, now)) is not None:
        held.coupon = coupon
        return held, False
    _require_open(coupon, now)
    return _claim_write(coupon, user_id, now, idempotency_key=idempotency_key), True


@transaction.atomic(durable=True)
def coupon_give(
    *,
    coupon_id: int,
    user_id: int,
    operator_id: int,
    idempotency_key: str | None = None,
) -> CouponClaim:
    """Give a published coupon to one shopper, whether or not it can be claimed now.

    The limits hold all the same; the same key again gives no other.

    Locks: the shopper, against deletion; then the coupon.
    Raises: NotFound, Invalid, CouponLimit, CouponNotOpen, CouponGone.
    """
    try:
        coupon = _coupon_locked(coupon_id, user_id)
    except UserNotFound:
        raise Invalid.field("user", "没有这个编号的用户") from None
    now = timezone.now()
    if coupon.status != CouponStatus.PUBLISHED or _is_out_of_date(coupon, now):
        raise CouponNotOpen("优惠券未发布、已结束或已过期,不能发放")
    own = CouponClaim.objects.filter(user_id=user_id, coupon=coupon)
    if idempotency_key and (given := own.filter(idempotency_key=idempotency_key)):
        return given[0]
    if own.count() >= coupon.user_limit:
        raise CouponLimit(coupon.user_limit)
    return _claim_write(
        coupon,
        user_id,
        now,
        given_by_id=operator_id,
        idempotency_key=idempotency_key,
    )


def _coupon_locked(coupon_id: int, user_id: int) -> Coupon:
    """Lock a coupon for somebody who is there.

    Raises: UserNotFound, NotFound.
    """
    if not shopper_hold(user_id):
        raise UserNotFound
    coupon = coupon_lock(coupon_id)
    if coupon is None:
        raise NotFound(_NOT_FOUND)
    return coupon


def _held(
    coupon: Coupon, user_id: int, idempotency_key: str | None, now: datetime
) -> CouponClaim | None:
    """Return what the key took, or what is held by who may have no more.

    Raises: CouponLimit.
    """
    own = CouponClaim.objects.filter(user_id=user_id, coupon=coupon)
    if idempotency_key and (taken := own.filter(idempotency_key=idempotency_key)):
        return taken[0]
    if own.count() < coupon.user_limit:
        return None
    good = own.unused().filter(valid_until__gt=now).order_by("valid_until", "pk")
    if (last := good.last()) is None:
        raise CouponLimit(coupon.user_limit)
    return last


def _require_open(coupon: Coupon, now: datetime) -> None:
    """Raises: CouponNotOpen."""
    if coupon.status == CouponStatus.PUBLISHED and now < coupon.claim_from:
        raise CouponNotOpen("优惠券还没有开始领取")
    is_over = coupon.claim_until is not None and coupon.claim_until <= now
    is_ended = coupon.status != CouponStatus.PUBLISHED
    if is_ended or is_over or _is_out_of_date(coupon, now):
        raise CouponNotOpen("优惠券领取已结束")


def _is_out_of_date(coupon: Coupon, now: datetime) -> bool:
    return coupon.valid_until is not None and coupon.valid_until <= now


def _claim_write(
    coupon: Coupon,
    user_id: int,
    now: datetime,
    *,
    given_by_id: int | None = None,
    idempotency_key: str | None = None,
) -> CouponClaim:
    """Count and write a claim of a locked coupon.

    Raises: CouponGone.
    """
    if coupon.left is not None and coupon.left < 1:
        raise CouponGone
    Coupon.objects.filter(pk=coupon.pk).update(claimed_count=F("claimed_count") + 1)
    coupon.claimed_count += 1
    valid_from, valid_until = _validity(coupon, now)
    return CouponClaim.objects.create(
        user_id=user_id,
        coupon=coupon,
        claimed_at=now,
        valid_from=valid_from,
        valid_until=valid_until,
        given_by_id=given_by_id,
        idempotency_key=idempotency_key,
    )


def _validity(coupon: Coupon, now: datetime) -> tuple[datetime, datetime]:
    """Return from and until when a claim of now is good.

    Days are whole: a coupon of seven days ends with the seventh day after this one.
    """
    if coupon.valid_from is not None and coupon.valid_until is not None:
        return coupon.valid_from, coupon.valid_until
    days = timedelta(days=1 + (coupon.valid_days or 0))
    return now, day_begin(timezone.localdate(now) + days)
