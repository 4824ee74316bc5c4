"""What staff tell each other of an order."""

from django.conf import settings
from django.db import models

from orders.models.order import Order


class OrderNote(models.Model):
    """A note for staff, never shown to shoppers. Append-only."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="notes")
    text = models.CharField("备注", max_length=200)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "备注"
        verbose_name_plural = "备注"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.text
