"""A changed price: what an order cost before and after, who changed it and why."""

from django.conf import settings
from django.db import models

from orders.models.order import Order


class OrderPriceChange(models.Model):
    """A row for each repricing of an unpaid order. Append-only."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="price_changes")
    old_freight_amount = models.DecimalField("原运费", max_digits=12, decimal_places=2)
    new_freight_amount = models.DecimalField("新运费", max_digits=12, decimal_places=2)
    old_discount_amount = models.DecimalField("原优惠", max_digits=12, decimal_places=2)
    new_discount_amount = models.DecimalField("新优惠", max_digits=12, decimal_places=2)
    old_total_amount = models.DecimalField(
        "原应付金额", max_digits=12, decimal_places=2
    )
    new_total_amount = models.DecimalField(
        "新应付金额", max_digits=12, decimal_places=2
    )
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField("原因", max_length=200)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "改价"
        verbose_name_plural = "改价"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.old_total_amount} → {self.new_total_amount}"
