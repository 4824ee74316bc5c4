"""What the shop took in on each finished day, added up once for the home page."""

from django.db import models

from catalog.models import Product


class DailyFigures(models.Model):
    """A finished day of the shop; `orders.services.figures` says what counts."""

    day = models.DateField("日期", unique=True)
    orders = models.PositiveIntegerField("下单数")
    paid_orders = models.PositiveIntegerField("付款订单数")
    paid_amount = models.DecimalField("付款金额", max_digits=14, decimal_places=2)
    refunds = models.PositiveIntegerField("退款笔数")
    refund_amount = models.DecimalField("退款金额", max_digits=14, decimal_places=2)
    new_shoppers = models.PositiveIntegerField("新用户数")
    counted_at = models.DateTimeField("统计时间")

    class Meta:
        verbose_name = "经营数据"
        verbose_name_plural = "经营数据"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.day.isoformat()


class DailyProductSales(models.Model):
    """What of a product was paid for on a finished day."""

    # The unique constraint begins with it.
    day = models.DateField("日期")
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", db_index=False, verbose_name="商品"
    )
    pieces = models.PositiveIntegerField("件数")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = "商品日销售"
        verbose_name_plural = "商品日销售"
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                "day", "product", name="dailyproductsales_product_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.product_id}"
