"""Products that a shopper wants to find again: by a mark, or because they were seen."""

from django.conf import settings
from django.db import models
from django.db.models import F

from catalog.models.product import Product


class Favorite(models.Model):
    """A product that a shopper has marked."""

    # The unique constraint begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    product = models.ForeignKey(Product, models.CASCADE, related_name="favorites")
    created_at = models.DateTimeField("收藏时间")

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint("user", "product", name="favorite_once"),
        )
        indexes = (models.Index("user", F("id").desc(), name="favorite_newest"),)

    def __str__(self) -> str:
        return str(self.product_id)


class Footprint(models.Model):
    """A product that a shopper has looked at: one row, however often."""

    # The unique constraint begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    # Nobody asks who has seen a product.
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", db_index=False
    )
    seen_at = models.DateTimeField("浏览时间")

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint("user", "product", name="footprint_once"),
        )
        indexes = (
            models.Index(
                "user",
                F("seen_at").desc(),
                F("id").desc(),
                name="footprint_newest",
            ),
            # What is to be deleted.
            models.Index("seen_at", name="footprint_moment"),
        )

    def __str__(self) -> str:
        return str(self.product_id)
