"""A parcel on its way, and what is in it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from orders.carriers import CARRIERS
from orders.models.order import Order
from orders.models.order_item import OrderItem


class Shipment(models.Model):
    """What left the house, with whom and under which number."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    # A code of orders.carriers.
    carrier = models.CharField("快递公司", max_length=50)
    tracking_no = models.CharField("快递单号", max_length=64)
    shipped_at = models.DateTimeField("发货时间")
    # Null for what was booked before this was kept.
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        verbose_name = "发货"
        verbose_name_plural = "发货"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                "order", "carrier", "tracking_no", name="shipment_once"
            ),
        )
        indexes = (models.Index("tracking_no", name="shipment_tracking"),)

    def __str__(self) -> str:
        return f"{self.carrier_name} {self.tracking_no}"

    @property
    def carrier_name(self) -> str:
        """Return the carrier as people call it."""
        return CARRIERS.get(self.carrier, self.carrier)


class ShipmentItem(models.Model):
    """How many pieces of an order's line are in a parcel."""

    # The unique constraint begins with it.
    shipment = models.ForeignKey(
        Shipment, models.PROTECT, related_name="items", db_index=False
    )
    order_item = models.ForeignKey(
        OrderItem, models.PROTECT, related_name="shipment_items"
    )
    quantity = models.PositiveIntegerField("数量")

    class Meta:
        verbose_name = "发货商品"
        verbose_name_plural = "发货商品"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                "shipment", "order_item", name="shipmentitem_line_once"
            ),
            models.CheckConstraint(
                name="shipmentitem_quantity_min", condition=Q(quantity__gte=1)
            ),
        )

    def __str__(self) -> str:
        return f"{self.order_item} → {self.quantity}"
