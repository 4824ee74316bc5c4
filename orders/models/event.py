"""What happened to an order: its transitions."""

from django.conf import settings
from django.db import models

from orders.models.order import Order


class OrderEvent(models.Model):
    """A transition: from, to, who, why, when. Append-only."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="events")
    # Empty at the first event, the placing.
    from_status = models.CharField("原状态", max_length=10, default="", blank=True)
    to_status = models.CharField("新状态", max_length=10)
    # Null when nobody did it but the clock or WeChat.
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    reason = models.CharField("原因", max_length=200, default="", blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "订单事件"
        verbose_name_plural = "订单事件"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"
