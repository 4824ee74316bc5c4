"""A line of an order."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from catalog.models import FlashSaleSku, Product, Sku

LINES_MAX = 50
QUANTITY_MAX = 999


class OrderItem(models.Model):
    """One SKU of an order, as it was when the order was placed."""

    # The unique constraint begins with it.
    order = models.ForeignKey(
        "Order", models.PROTECT, related_name="items", db_index=False
    )
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+")
    # Always the SKU's own, which is never another: that key protects it already, and
    # the audit compares the two.
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", db_constraint=False
    )
    name = models.CharField("名称", max_length=100)
    specs = models.JSONField("规格", default=dict)
    price = models.DecimalField("单价", max_digits=12, decimal_places=2)
    quantity = models.PositiveIntegerField("数量")
    # The line's share of what the order was placed with; a later price is the order's.
    discount_amount = models.DecimalField(
        "优惠",
        max_digits=12,
        decimal_places=2,
        default=Decimal("0.00"),
        db_default=Decimal("0.00"),
    )
    # Pieces of the refunds that are neither rejected nor withdrawn.
    refund_quantity = models.PositiveIntegerField("退款数量", default=0, db_default=0)
    image = models.CharField("图片", max_length=200, default="", blank=True)
    # Whose price it is. What the shopper took of it refers to the row, too, and
    # protects it; staff delete none of a sale that has begun.
    flash_sale_sku = models.ForeignKey(
        FlashSaleSku,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    # Kept here for the lists of orders, which need not look for the review.
    is_reviewed = models.BooleanField("已评价", default=False, db_default=False)

    class Meta:
        verbose_name = "订单商品"
        verbose_name_plural = "订单商品"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint("order", "sku", name="orderitem_sku_once"),
            models.CheckConstraint(
                name="orderitem_quantity_range",
                condition=Q(quantity__gte=1, quantity__lte=QUANTITY_MAX),
            ),
            models.CheckConstraint(
                name="orderitem_price_min", condition=Q(price__gte=Decimal("0.01"))
            ),
            models.CheckConstraint(
                name="orderitem_discount_range",
                condition=Q(
                    discount_amount__gte=0,
                    discount_amount__lte=F("price") * F("quantity"),
                ),
            ),
            models.CheckConstraint(
                name="orderitem_refund_max",
                condition=Q(refund_quantity__lte=F("quantity")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} × {self.quantity}"

    @property
    def is_reviewable(self) -> bool:
        """Tell whether its review is missing, and a piece of it has stayed."""
        return not self.is_reviewed and self.refund_quantity < self.quantity
