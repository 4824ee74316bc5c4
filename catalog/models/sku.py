"""The unit that has a price and a stock."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from catalog.models.product import Product, ProductStatus
from shop.history import HistoryTable


class SkuQuerySet(models.QuerySet["Sku"]):
    """Filters by the SKU's own words."""

    def active(self) -> "SkuQuerySet":
        """Keep what the product still offers."""
        return self.filter(is_active=True)

    def low(self) -> "SkuQuerySet":
        """Keep what is on sale and at or under its alarm level."""
        on_sale = self.active().filter(product__status=ProductStatus.ON_SALE)
        return on_sale.filter(stock__lte=F("alarm_stock"))


class Sku(models.Model):
    """One combination of a product's specs, `{"颜色": "红", "尺码": "M"}`.

    A SKU that staff take out of the set stays as history, inactive.
    """

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="skus", verbose_name="商品"
    )
    specs = models.JSONField("规格", default=dict, blank=True)
    price = models.DecimalField("价格", max_digits=12, decimal_places=2)
    # Written under the row's lock alone, with a ledger row each time.
    stock = models.IntegerField("库存", default=0)
    # Staff are told when the stock is no higher; 0: when it is sold out. No index
    # names it or the stock: each sale would have to write it.
    alarm_stock = models.PositiveIntegerField("报警库存", default=0, db_default=0)
    # For freight by weight; 0: it adds nothing.
    weight_grams = models.PositiveIntegerField("重量(克)", default=0, db_default=0)
    code = models.CharField("编码", max_length=64, default="", blank=True)
    image = models.CharField("图片", max_length=200, default="", blank=True)
    position = models.PositiveSmallIntegerField("排序", default=0)
    is_active = models.BooleanField("有效", default=True)

    objects = SkuQuerySet.as_manager()
    # The stock has a ledger of its own.
    history = HistoryTable("SKU历史", excluded_fields=["stock"])

    class Meta:
        verbose_name = "SKU"
        verbose_name_plural = "SKU"
        permissions = (("adjust_stock", "可以调整库存"),)
        constraints = (
            models.CheckConstraint(name="sku_stock_min", condition=Q(stock__gte=0)),
            models.CheckConstraint(
                name="sku_price_min", condition=Q(price__gte=Decimal("0.01"))
            ),
            models.UniqueConstraint(
                "product", "specs", name="sku_specs_once", condition=Q(is_active=True)
            ),
            models.UniqueConstraint(
                "code",
                name="sku_code_once",
                condition=Q(is_active=True) & ~Q(code=""),
            ),
        )

    def __str__(self) -> str:
        return " ".join([self.product.name, *self.ordered_specs().values()])

    @property
    def is_low(self) -> bool:
        """Tell whether the stock is at or under its alarm level."""
        return self.stock <= self.alarm_stock

    def ordered_specs(self) -> dict[str, str]:
        """Return the specs as shoppers see them: a JSON object has no order."""
        if not self.specs:
            return {}
        names = [*self.product.spec_names, *self.specs]
        return {name: self.specs[name] for name in names if name in self.specs}
