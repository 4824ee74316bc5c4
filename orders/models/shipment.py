"""A parcel on its way."""

from django.db import models

from orders.models.order import Order


class Shipment(models.Model):
    """What left the house, with whom and under which number."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    # A code of WeChat's get_delivery_list, such as SF or YTO.
    carrier = models.CharField("快递公司", max_length=50)
    tracking_no = models.CharField("快递单号", max_length=64)
    shipped_at = models.DateTimeField("发货时间")

    class Meta:
        verbose_name = "发货"
        verbose_name_plural = "发货"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                "order", "carrier", "tracking_no", name="shipment_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_no}"
