"""A changed address: where an order went before and after, who changed it and why."""

from django.conf import settings
from django.db import models

from orders.models.order import Order


class OrderAddressChange(models.Model):
    """A row for each change of an order's address before it ships. Append-only."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="address_changes")
    # The six fields of an address by name, as the order has them.
    old = models.JSONField("原地址")
    new = models.JSONField("新地址")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField("原因", max_length=200)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "改地址"
        verbose_name_plural = "改地址"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.order} {self.pk}"
