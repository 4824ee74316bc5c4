"""What WeChat must know of an order's parcels before it pays the shop."""

from django.db import models
from django.db.models import F, Q

from orders.models.order import Order


class UploadState(models.TextChoices):
    """Failed is for staff: WeChat has answered, and asking again changes nothing."""

    PENDING = "pending", "待上报"
    SUCCEEDED = "succeeded", "已上报"
    FAILED = "failed", "上报失败"
    DROPPED = "dropped", "无需上报"


class ShippingUpload(models.Model):
    """The one upload of an order: how it stands, and what WeChat has of it."""

    order = models.OneToOneField(
        Order, models.PROTECT, related_name="shipping_upload", verbose_name="订单"
    )
    state = models.CharField(
        "状态",
        max_length=10,
        choices=UploadState.choices,
        default=UploadState.PENDING,
    )
    # What WeChat has: carrier, number and content of each parcel; null while that is
    # not known.
    parcels = models.JSONField("微信已有的包裹", null=True)
    # Names the request under way. It is sent under this time however often it is
    # repeated, so that WeChat takes no repetition for a change; null: a new one.
    requested_at = models.DateTimeField("上报时间", null=True)
    tries = models.PositiveIntegerField("次数", default=0)
    errcode = models.IntegerField("微信错误码", null=True)
    error = models.CharField("说明", max_length=200, default="", blank=True)
    succeeded_at = models.DateTimeField("成功时间", null=True)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = "发货上报"
        verbose_name_plural = "发货上报"
        permissions = (("resend_shippingupload", "可以重新上报发货信息"),)
        constraints = (
            models.CheckConstraint(
                name="shippingupload_state_known",
                condition=Q(state__in=UploadState.values),
            ),
        )
        indexes = (
            models.Index(
                "updated_at",
                name="shippingupload_pending",
                condition=Q(state=UploadState.PENDING),
            ),
            models.Index(
                F("id").desc(),
                name="shippingupload_failed",
                condition=Q(state=UploadState.FAILED),
            ),
        )

    def __str__(self) -> str:
        return self.order.order_no

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do now."""
        return ["resend", "drop"] if self.state == UploadState.FAILED else []
