"""Coupons on the wire: what there is to claim, what a shopper holds, what fits."""

from typing import Any

from rest_framework import serializers

from orders.models import ClaimStatus, Coupon, CouponClaim, Order
from shop.api.serializers import (
    LocalTimeField,
    MoneyField,
    ShopModelSerializer,
    ShopSerializer,
)


class CouponTermsSerializer(ShopModelSerializer):
    """What a coupon takes off; `amount` is the most, whatever the kind.

    `targetIds` are of categories, whose subtrees count, or of products: see `scope`.
    """

    terms = serializers.CharField()
    minimumAmount = MoneyField(source="minimum_amount")
    amount = MoneyField()
    percentOff = serializers.IntegerField(source="percent_off", allow_null=True)
    targetIds = serializers.ListField(
        source="target_ids", child=serializers.IntegerField()
    )

    class Meta:
        model = Coupon
        fields = (
            "id",
            "title",
            "terms",
            "kind",
            "minimumAmount",
            "amount",
            "percentOff",
            "scope",
            "targetIds",
        )


class CouponSerializer(CouponTermsSerializer):
    """A coupon that can be claimed.

    `claimed` is how many the shopper has had; null without one. `left` and `total` are
    null when any number may be claimed. It is good from `validFrom` until `validUntil`,
    or for `validDays` after it was claimed.
    """

    total = serializers.IntegerField(source="total_limit", allow_null=True)
    left = serializers.IntegerField(allow_null=True)
    userLimit = serializers.IntegerField(source="user_limit")
    claimed = serializers.SerializerMethodField()
    claimFrom = LocalTimeField(source="claim_from")
    claimUntil = LocalTimeField(source="claim_until", allow_null=True)
    validFrom = LocalTimeField(source="valid_from", allow_null=True)
    validUntil = LocalTimeField(source="valid_until", allow_null=True)
    validDays = serializers.IntegerField(source="valid_days", allow_null=True)

    class Meta:
        model = Coupon
        fields = (
            *CouponTermsSerializer.Meta.fields,
            "total",
            "left",
            "userLimit",
            "claimed",
            "claimFrom",
            "claimUntil",
            "validFrom",
            "validUntil",
            "validDays",
        )

    def get_claimed(self, coupon: Coupon) -> int | None:
        """Return how many the shopper has had, if the request has one."""
        counts: dict[int, int] | None = self.context["claimed"]
        return None if counts is None else counts.get(coupon.pk, 0)


class OwnCouponSerializer(ShopModelSerializer):
    """What a shopper holds of a coupon; `orderNo` is the order that uses it."""

    coupon = CouponTermsSerializer()
    status = serializers.SerializerMethodField()
    claimedAt = LocalTimeField(source="claimed_at")
    validFrom = LocalTimeField(source="valid_from")
    validUntil = LocalTimeField(source="valid_until")
    orderNo = serializers.SlugRelatedField[Order](
        source="order", slug_field="order_no", read_only=True, allow_null=True
    )

    class Meta:
        model = CouponClaim
        fields = (
            "id",
            "coupon",
            "status",
            "claimedAt",
            "validFrom",
            "validUntil",
            "orderNo",
        )

    def get_status(self, claim: CouponClaim) -> ClaimStatus:
        """Return how it stands now."""
        return claim.status_at(self.context["now"])


class OwnCouponFilterSerializer(ShopSerializer):
    """How one's own coupons are narrowed; an empty value is as good as none."""

    status = serializers.ChoiceField(
        label="状态", choices=ClaimStatus.choices, required=False, allow_blank=True
    )


class OfferSerializer(serializers.Serializer[Any]):
    """A coupon that the shopper holds, and what it would take off this order.

    `discountAmount` is null, and `reason` says why, when it can't be used. `id` is what
    goes into `couponId`.
    """

    id = serializers.IntegerField(source="coupon.pk")
    title = serializers.CharField(source="coupon.title")
    terms = serializers.CharField(source="coupon.terms")
    validUntil = LocalTimeField(source="claim.valid_until")
    discountAmount = MoneyField(source="discount_amount", allow_null=True)
    reason = serializers.CharField(allow_blank=True)
