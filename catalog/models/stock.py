"""The ledger of the stock: append-only, its sum is the stock."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models.sku import Sku


class MovementReason(models.TextChoices):
    """Why pieces came or went."""

    INITIAL = "initial", "初始库存"
    ADJUSTMENT = "adjustment", "人工调整"
    ORDER = "order", "下单"
    ORDER_CANCELLED = "order_cancelled", "订单取消"
    REFUND = "refund", "退款退回"


class StockMovement(models.Model):
    """One change of one SKU's stock; never changed, never deleted."""

    sku = models.ForeignKey(
        Sku, models.PROTECT, related_name="movements", verbose_name="SKU"
    )
    delta = models.IntegerField("变动")
    balance = models.IntegerField("变动后库存")
    reason = models.CharField("原因", max_length=20, choices=MovementReason.choices)
    # What it was for, a plain text: an order's number, a note of staff.
    reference = models.CharField("单据", max_length=200, default="", blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="操作人",
    )
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "库存流水"
        verbose_name_plural = "库存流水"
        constraints = (
            models.CheckConstraint(
                name="movement_balance_min", condition=Q(balance__gte=0)
            ),
            # An order takes a SKU once and gives it back once, whatever the code does.
            models.UniqueConstraint(
                "reference",
                "sku",
                "reason",
                name="movement_once_per_order",
                condition=Q(
                    reason__in=[MovementReason.ORDER, MovementReason.ORDER_CANCELLED]
                ),
            ),
            models.UniqueConstraint(
                "reference",
                "sku",
                name="movement_once_per_refund",
                condition=Q(reason=MovementReason.REFUND),
            ),
        )
        indexes = (
            # The last one of a SKU, asked for under the SKU's lock.
            models.Index(
                "sku",
                "id",
                name="movement_adjustment",
                condition=Q(reason=MovementReason.ADJUSTMENT),
            ),
        )

    def __str__(self) -> str:
        return f"{self.sku_id} {self.delta:+d}"
