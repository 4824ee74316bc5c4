"""A message to the shopper through WeChat, for which one consent was given."""

from django.db import models
from django.db.models import Q

from orders.models.order import Order
from orders.models.refund import Refund


class MessageKind(models.TextChoices):
    """What it tells; the names of the templates in the settings."""

    PAID = "paid", "付款成功"
    SHIPPED = "shipped", "订单发货"
    REFUNDED = "refunded", "退款到账"
    AGREED = "agreed", "同意退货"
    REJECTED = "rejected", "拒绝售后"


class MessageState(models.TextChoices):
    """Refused by the shopper, who did not consent; failed by a fault of ours."""

    PENDING = "pending", "待发送"
    SENT = "sent", "已发送"
    REFUSED = "refused", "买家未订阅"
    FAILED = "failed", "发送失败"


class SubscribeMessage(models.Model):
    """One event of an order, or of a refund, is told once."""

    kind = models.CharField("类型", max_length=10, choices=MessageKind.choices)
    # The unique constraint begins with it.
    order = models.ForeignKey(
        Order,
        models.PROTECT,
        related_name="messages",
        verbose_name="订单",
        db_index=False,
    )
    refund = models.ForeignKey(
        Refund,
        models.PROTECT,
        null=True,
        related_name="messages",
        verbose_name="退款",
    )
    state = models.CharField(
        "状态",
        max_length=10,
        choices=MessageState.choices,
        default=MessageState.PENDING,
    )
    tries = models.PositiveIntegerField("次数", default=0)
    errcode = models.IntegerField("微信错误码", null=True)
    error = models.CharField("说明", max_length=200, default="", blank=True)
    sent_at = models.DateTimeField("发送时间", null=True)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = "订阅消息"
        verbose_name_plural = "订阅消息"
        constraints = (
            models.UniqueConstraint(
                "order",
                "kind",
                "refund",
                name="subscribemessage_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="subscribemessage_state_known",
                condition=Q(state__in=MessageState.values),
            ),
        )
        indexes = (
            models.Index(
                "updated_at",
                name="subscribemessage_pending",
                condition=Q(state=MessageState.PENDING),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.order.order_no}"
