"""Chosen SKUs at a price of their own for a while: flash sales and group prices."""

from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Max, Q, Value

from catalog.models.sku import Sku


class FlashSaleKind(models.TextChoices):
    """A group price holds from a number of pieces in one order."""

    FLASH = "flash", "秒杀"
    GROUP = "group", "团购"


class FlashSaleQuerySet(models.QuerySet["FlashSale"]):
    """Filters by the sale's own words."""

    def not_over(self, now: datetime) -> "FlashSaleQuerySet":
        """Keep what runs and what comes."""
        return self.filter(ends_at__gt=now)

    def between(self, start: datetime, end: datetime) -> "FlashSaleQuerySet":
        """Keep what runs at some moment of a time, its end not included."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class FlashSale(models.Model):
    """A time and what is sold in it.

    Nothing starts or ends a sale: whoever reads or orders compares its times with the
    clock. It begins at `starts_at` and is over at `ends_at`.
    """

    name = models.CharField("名称", max_length=50)
    kind = models.CharField(
        "类型",
        max_length=10,
        choices=FlashSaleKind.choices,
        default=FlashSaleKind.FLASH,
    )
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    # `ends_at` is then when staff did so.
    is_ended_early = models.BooleanField("提前结束", default=False)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)

    objects = FlashSaleQuerySet.as_manager()

    class Meta:
        verbose_name = "限时活动"
        verbose_name_plural = "限时活动"
        constraints = (
            models.CheckConstraint(
                name="flashsale_kind_known",
                condition=Q(kind__in=FlashSaleKind.values),
            ),
            models.CheckConstraint(
                name="flashsale_times",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="结束时间必须晚于开始时间",
            ),
        )
        indexes = (models.Index("ends_at", "id", name="flashsale_ends"),)

    def __str__(self) -> str:
        return self.name

    @property
    def version(self) -> str:
        """Tell apart what staff have written: each change writes the lines anew."""
        return str(self.lines.aggregate(last=Max("pk"))["last"])

    def has_begun(self, now: datetime) -> bool:
        """Tell whether shoppers can have bought in it."""
        return self.starts_at <= now

    def is_running(self, now: datetime) -> bool:
        """Tell whether its prices hold."""
        return self.starts_at <= now < self.ends_at


class FlashSaleSku(models.Model):
    """A SKU in a sale: its price there, and how many pieces may go for it.

    Written under the SKU's lock alone, what is sold of it too.
    """

    sale = models.ForeignKey(FlashSale, models.CASCADE, related_name="lines")
    # The index that begins with it is below.
    sku = models.ForeignKey(
        Sku, models.PROTECT, related_name="+", db_index=False, verbose_name="SKU"
    )
    price = models.DecimalField("活动价", max_digits=12, decimal_places=2)
    # A part of the SKU's stock, which is not set aside.
    stock = models.PositiveIntegerField("活动库存")
    sold = models.PositiveIntegerField("已售", default=0, db_default=0)
    # Of each shopper over the whole sale; none: as many as there are.
    user_limit = models.PositiveSmallIntegerField("每人限购", null=True, blank=True)
    # In one order; with fewer the SKU costs what it always does.
    min_quantity = models.PositiveSmallIntegerField("起购件数", default=1, db_default=1)
    # The sale's: an order finds the price by one look-up, and the database sees to it
    # that no SKU is in two sales at once.
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")

    class Meta:
        verbose_name = "活动商品"
        verbose_name_plural = "活动商品"
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="flashsalesku_price_min", condition=Q(price__gte=Decimal("0.01"))
            ),
            models.CheckConstraint(
                name="flashsalesku_sold_max", condition=Q(sold__lte=F("stock"))
            ),
            models.CheckConstraint(
                name="flashsalesku_min_quantity",
                condition=Q(min_quantity__gte=1)
                & (Q(user_limit=None) | Q(user_limit__gte=F("min_quantity"))),
                violation_error_message="起购件数不能小于1,不能大于每人限购",
            ),
            # The SKU as a range of one: ranges need no extension of PostgreSQL's.
            ExclusionConstraint(
                name="flashsalesku_one_sale",
                expressions=[
                    (
                        Func("sku", "sku", Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func("starts_at", "ends_at", function="tstzrange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        )
        indexes = (models.Index("sku", "ends_at", name="flashsalesku_price"),)

    def __str__(self) -> str:
        return f"{self.sale_id}:{self.sku_id}"

    @property
    def left(self) -> int:
        """Return how many pieces may still go for its price."""
        return self.stock - self.sold
