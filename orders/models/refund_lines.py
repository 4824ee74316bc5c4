"""What a refund is for, line by line, and what happened to it."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from orders.models.order_item import OrderItem
from orders.models.refund_states import RefundDeed

ZERO = Decimal("0.00")


class RefundItem(models.Model):
    """Pieces of an order's line that a refund is for, and what they cost."""

    # The unique constraint begins with it.
    refund = models.ForeignKey(
        "Refund", models.PROTECT, related_name="items", db_index=False
    )
    order_item = models.ForeignKey(
        OrderItem, models.PROTECT, related_name="refund_items"
    )
    quantity = models.PositiveIntegerField("数量")
    # How many of them had not left when the refund was asked for: nobody ships them.
    unshipped_quantity = models.PositiveIntegerField("未发数量")
    amount = models.DecimalField("金额", max_digits=12, decimal_places=2)
    # What these pieces cost beyond that, and the shop keeps.
    kept_amount = models.DecimalField(
        "少退金额", max_digits=12, decimal_places=2, default=ZERO, db_default=ZERO
    )

    class Meta:
        verbose_name = "退款商品"
        verbose_name_plural = "退款商品"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                "refund", "order_item", name="refunditem_line_once"
            ),
            # No piece at all: money for a line whose goods stay with the shopper.
            models.CheckConstraint(
                name="refunditem_pieces_or_money",
                condition=Q(unshipped_quantity__lte=F("quantity"))
                & (Q(quantity__gte=1) | Q(amount__gt=0)),
            ),
            models.CheckConstraint(
                name="refunditem_amount_min", condition=Q(amount__gte=0)
            ),
            models.CheckConstraint(
                name="refunditem_kept_min", condition=Q(kept_amount__gte=0)
            ),
        )

    def __str__(self) -> str:
        return f"{self.order_item} → {self.quantity}"

    @property
    def worth(self) -> Decimal:
        """Return the most that goes back for it."""
        return self.amount + self.kept_amount

    @property
    def told_amount(self) -> Decimal:
        """Return what its shopper is told, as of the whole refund."""
        return self.worth if self.refund.is_undecided else self.amount


class RefundEvent(models.Model):
    """What happened to a refund: from, to, who, why, when. Append-only."""

    refund = models.ForeignKey("Refund", models.PROTECT, related_name="events")
    # Empty at the first event.
    from_state = models.CharField("原状态", max_length=10, default="", blank=True)
    to_state = models.CharField("新状态", max_length=10)
    # Null when nobody did it but the clock or WeChat.
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    # Empty for a transition; else the state stays as it is.
    deed = models.CharField(
        max_length=10,
        choices=RefundDeed.choices,
        default="",
        db_default="",
        blank=True,
    )
    # What would go back, or goes, from then on; null before this was kept.
    amount = models.DecimalField("金额", max_digits=12, decimal_places=2, null=True)
    reason = models.CharField("说明", max_length=200, default="", blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "退款事件"
        verbose_name_plural = "退款事件"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"
