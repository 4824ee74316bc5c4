"""What shoppers have taken of flash sales."""

from django.conf import settings
from django.db import models

from catalog.models import FlashSaleSku


class FlashSaleTaking(models.Model):
    """How many pieces of a SKU in a sale one shopper has: what the limit counts.

    Those of unpaid orders too, without what was given back. Written under the SKU's
    lock alone, together with `FlashSaleSku.sold`, which is the sum of these.
    """

    flash_sale_sku = models.ForeignKey(
        FlashSaleSku, models.PROTECT, related_name="+", db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField("数量")

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                "flash_sale_sku", "user", name="flashsaletaking_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.flash_sale_sku_id}:{self.user_id}"
