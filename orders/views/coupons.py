"""Coupons: anybody sees what can be claimed, shoppers claim and keep their own."""

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import Count
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from accounts.views.person import user_of
from orders.models import Coupon, CouponClaim
from orders.serializers import (
    CouponSerializer,
    OwnCouponFilterSerializer,
    OwnCouponSerializer,
)
from orders.services.coupons import coupon_claim
from orders.views.idempotency import idempotency_key, idempotency_parameter
from shop.api.envelope import success
from shop.api.ratelimit import ReadLimit, WriteLimit


class CouponViewSet(GenericViewSet[Coupon]):
    """List and claim coupons."""

    queryset = Coupon.objects.none()
    serializer_class = CouponSerializer
    throttle_classes = (WriteLimit,)
    lookup_value_regex = "[0-9]{1,19}"

    def get_permissions(self) -> Any:
        """Ask nobody for a token who only looks at what there is."""
        if self.action == "list":
            return [cast(BasePermission, AllowAny())]
        return super().get_permissions()

    def get_throttles(self) -> list[BaseThrottle]:
        return [ReadLimit()] if self.action == "list" else super().get_throttles()

    def list(self, request: Request) -> Response:
        """List what can be claimed now, the newest first.

        With a shopper's token it says how many of each the shopper has had.
        """
        now = timezone.now()
        page = self.paginate_queryset(Coupon.objects.claimable(now).order_by("-pk"))
        context = {"claimed": _claimed(request.user, page or ())}
        shown = CouponSerializer(page, many=True, context=context)
        return self.get_paginated_response(shown.data)

    @extend_schema(
        parameters=[OwnCouponFilterSerializer],
        responses=OwnCouponSerializer(many=True),
    )
    @action(methods=["get"], detail=False)
    def mine(self, request: Request) -> Response:
        """List the shopper's own coupons, the newest first."""
        query = OwnCouponFilterSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        now = timezone.now()
        own: Any = CouponClaim.objects.filter(user=request.user.pk).order_by("-pk")
        if status := query.validated_data.get("status"):
            own = own.having_status(status, now)
        page = self.paginate_queryset(own.select_related("coupon", "order"))
        shown = OwnCouponSerializer(page, many=True, context={"now": now})
        return self.get_paginated_response(shown.data)

    @extend_schema(
        request=None,
        responses={201: OwnCouponSerializer},
        parameters=[
            idempotency_parameter(
                "the same key again returns what the first call took."
            )
        ],
    )
    @action(methods=["post"], detail=True)
    def claim(self, request: Request, pk: str) -> Response:
        """Take a coupon; who may have no more gets the one that is held already."""
        user = user_of(request)
        claim, is_new = coupon_claim(
            coupon_id=int(pk),
            user_id=user.pk,
            idempotency_key=idempotency_key(request),
        )
        shown = OwnCouponSerializer(claim, context={"now": timezone.now()}).data
        return success(shown, "领取成功" if is_new else "您已领取过,可直接使用", 201)


def _claimed(user: Any, coupons: Iterable[Coupon]) -> dict[int, int] | None:
    """Return how many of each a shopper has had, by id; None for anybody else."""
    if not user.is_authenticated or user.is_staff:
        return None
    own = CouponClaim.objects.filter(user=user, coupon__in=coupons)
    counts = own.values("coupon").annotate(count=Count("pk"))
    return dict(counts.values_list("coupon", "count"))
