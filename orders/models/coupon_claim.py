"""A coupon in a shopper's hands."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from orders.models.coupon import Coupon


class ClaimStatus(models.TextChoices):
    """What a claim is good for, by what became of it and by the time."""

    # Its time may not have begun yet.
    USABLE = "usable", "可使用"
    USED = "used", "已使用"
    EXPIRED = "expired", "已过期"


class CouponClaimQuerySet(models.QuerySet["CouponClaim"]):
    """Filters by the claim's own words."""

    def unused(self) -> "CouponClaimQuerySet":
        """Keep what no order has used."""
        return self.filter(order=None)

    def having_status(self, status: str, now: datetime) -> "CouponClaimQuerySet":
        """Keep what stands so now."""
        if status == ClaimStatus.USED:
            return self.exclude(order=None)
        if status == ClaimStatus.EXPIRED:
            return self.unused().filter(valid_until__lte=now)
        return self.unused().filter(valid_until__gt=now)


class CouponClaim(models.Model):
    """One coupon of one shopper, used by one order at most.

    Its time is set when it is claimed, and stays. Nothing in it but the key is the
    person's: it stays when an account is deleted, as the orders do.
    """

    # The indexes below begin with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    coupon = models.ForeignKey(
        Coupon, models.PROTECT, related_name="claims", db_index=False
    )
    valid_from = models.DateTimeField("使用开始")
    valid_until = models.DateTimeField("使用结束")
    # The order that it makes cheaper now; the order remembers it for good.
    order = models.ForeignKey(
        "Order",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name="订单",
    )
    # Who gave it, where the shopper did not take it.
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    claimed_at = models.DateTimeField("领取时间")
    # Of the request that took it: sent again, as by a double tap, it takes no other.
    idempotency_key = models.CharField(max_length=255, null=True, editable=False)

    objects = CouponClaimQuerySet.as_manager()

    class Meta:
        verbose_name = "领取的优惠券"
        verbose_name_plural = "领取的优惠券"
        default_permissions = ()
        constraints = (
            # Those that are free are found by the shopper alone, however many there
            # are of a coupon: plans are made when tables are small, and stay.
            models.UniqueConstraint(
                fields=["order"],
                name="couponclaim_order_once",
                condition=Q(order__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["user", "coupon", "idempotency_key"],
                name="couponclaim_key_once",
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                name="couponclaim_validity",
                condition=Q(valid_until__gt=F("valid_from")),
            ),
        )
        indexes = (
            models.Index("user", "coupon", name="couponclaim_of_coupon"),
            models.Index("user", F("id").desc(), name="couponclaim_own"),
            models.Index(
                fields=["coupon"],
                name="couponclaim_used",
                condition=Q(order__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.coupon} → {self.user_id}"

    def status_at(self, now: datetime) -> ClaimStatus:
        """Tell how it stands."""
        if self.order_id is not None:
            return ClaimStatus.USED
        is_over = self.valid_until <= now
        return ClaimStatus.EXPIRED if is_over else ClaimStatus.USABLE
