"""The cart."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import Sku
from orders.models.order_item import QUANTITY_MAX

CART_LINES_MAX = 100


class CartItem(models.Model):
    """How many pieces of a SKU a shopper means to buy.

    Placing an order may delete lines at any moment: who writes several locks them in
    primary-key order first.
    """

    # The unique constraint begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    sku = models.ForeignKey(Sku, models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField("数量")
    is_selected = models.BooleanField("已选", default=True)
    # The SKU's price when it was put in, to tell whether it has changed since.
    price_added = models.DecimalField("加入时价格", max_digits=12, decimal_places=2)
    # Of the request that added last: sent again, as by a double tap, it adds nothing.
    idempotency_key = models.CharField(max_length=255, null=True)
    created_at = models.DateTimeField("加入时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        default_permissions = ()
        verbose_name = "购物车商品"
        verbose_name_plural = "购物车商品"
        constraints = (
            models.UniqueConstraint("user", "sku", name="cartitem_sku_once"),
            models.CheckConstraint(
                name="cartitem_quantity_range",
                condition=Q(quantity__gte=1, quantity__lte=QUANTITY_MAX),
            ),
            models.CheckConstraint(
                name="cartitem_price_added_min",
                condition=Q(price_added__gte=Decimal("0.01")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.quantity}"
