"""The shopper's refunds: asked for, seen, and taken back before they are answered."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.views.person import user_of
from orders.errors import RefundNotFound
from orders.models import Refund
from orders.serializers import (
    RefundFilterSerializer,
    RefundRequestSerializer,
    RefundSerializer,
    ReturnParcelSerializer,
)
from orders.services.refunds import (
    refund_request,
    refund_return_parcel,
    refund_withdraw,
)
from orders.views.own_order import ORDER_NO, OwnOrderMixin
from shop.api.envelope import success
from shop.api.ratelimit import WriteLimit


class _RefundViewSet(ListModelMixin, GenericViewSet[Refund]):
    """A shopper's own refunds, newest first."""

    serializer_class = RefundSerializer
    throttle_classes = (WriteLimit,)

    def get_queryset(self) -> Any:
        """Return what the shopper may see."""
        if getattr(self, "swagger_fake_view", False):
            return Refund.objects.none()
        shown = Refund.objects.of(self.shopper.pk).shown()
        return shown.order_by("-pk").for_display()

    @property
    def shopper(self) -> User:
        """Return who is asking; the permission has made sure of it."""
        return user_of(self.request)

    def answer(
        self, refund_no: str, message: str = "成功", status: int = 200
    ) -> Response:
        """Answer with the refund as it is now.

        Raises: RefundNotFound.
        """
        refund = self.get_queryset().filter(refund_no=refund_no).first()
        if refund is None:
            raise RefundNotFound
        return success(RefundSerializer(refund).data, message, status)


class RefundViewSet(_RefundViewSet):
    """List, show and withdraw refunds, send goods back, whatever the order."""

    lookup_field = "refund_no"
    lookup_url_kwarg = "refundNo"
    lookup_value_regex = "[0-9A-Za-z]{1,32}"

    @extend_schema(parameters=[RefundFilterSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the shopper's refunds, newest first."""
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow by state."""
        query = RefundFilterSerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        if status := query.validated_data.get("status"):
            queryset = queryset.filter(state=status)
        return queryset

    @extend_schema(responses=RefundSerializer)
    def retrieve(self, request: Request, refundNo: str) -> Response:
        """Show one refund."""
        return self.answer(refundNo)

    @extend_schema(request=None, responses=RefundSerializer)
    @action(methods=["post"], detail=True)
    def withdraw(self, request: Request, refundNo: str) -> Response:
        """Take a request back before the money or the goods are on the way."""
        refund_withdraw(refund_no=refundNo, user_id=self.shopper.pk)
        return self.answer(refundNo, "退款申请已撤回")

    @extend_schema(request=ReturnParcelSerializer, responses=RefundSerializer)
    @action(methods=["post"], detail=True, url_path="return", url_name="return")
    def send_back(self, request: Request, refundNo: str) -> Response:
        """Say with which parcel the goods come back; again, to correct it."""
        # A stranger's does not exist, whatever is sent.
        if not self.get_queryset().filter(refund_no=refundNo).exists():
            raise RefundNotFound
        body = ReturnParcelSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        refund_return_parcel(
            refund_no=refundNo,
            user_id=self.shopper.pk,
            carrier=body.validated_data["carrier"],
            tracking_no=body.validated_data["trackingNo"],
        )
        return self.answer(refundNo, "退货单号已提交")


@extend_schema(parameters=[ORDER_NO])
class OrderRefundViewSet(OwnOrderMixin, _RefundViewSet):
    """The refunds of one order, and a request for another."""

    def get_queryset(self) -> Any:
        """Return those of the order."""
        return super().get_queryset().filter(order__order_no=self.kwargs["orderNo"])

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the order's refunds, newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=RefundRequestSerializer, responses={201: RefundSerializer})
    def create(self, request: Request, orderNo: str) -> Response:
        """Ask for the money of a paid order, or of some of its pieces."""
        body = RefundRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        refund = refund_request(
            order_no=orderNo,
            user_id=self.shopper.pk,
            reason=body.validated_data["reason"],
            quantities=body.quantities,
            images=body.validated_data.get("images") or [],
            is_return=body.is_return,
        )
        return self.answer(refund.refund_no, "退款申请已提交", 201)
