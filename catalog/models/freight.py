"""What it costs to send goods, by where they go."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Func, Q


class FreightUnit(models.TextChoices):
    """By what the freight grows."""

    PIECE = "piece", "按件数"
    WEIGHT = "weight", "按重量"


class FreightTemplate(models.Model):
    """How the freight of some products is reckoned; written as a whole.

    Products that name none have the default one; without it they are sent for nothing.
    """

    name = models.CharField("名称", max_length=50)
    unit = models.CharField(
        "计费方式",
        max_length=10,
        choices=FreightUnit.choices,
        default=FreightUnit.PIECE,
    )
    is_default = models.BooleanField("默认模板", default=False)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = "运费模板"
        verbose_name_plural = "运费模板"
        constraints = (
            models.UniqueConstraint(
                "name",
                name="freighttemplate_name_once",
                violation_error_message="已有同名的运费模板",
            ),
            models.UniqueConstraint(
                "is_default",
                name="freighttemplate_one_default",
                condition=Q(is_default=True),
            ),
            models.CheckConstraint(
                name="freighttemplate_unit_known",
                condition=Q(unit__in=FreightUnit.values),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def version(self) -> str:
        """Tell apart what staff have written."""
        return self.updated_at.isoformat()


class FreightRule(models.Model):
    """What some regions cost, or all others; units are pieces, or grams."""

    template = models.ForeignKey(
        FreightTemplate, models.CASCADE, related_name="rules", verbose_name="运费模板"
    )
    # For whatever no other rule of the template names; each template has one.
    is_fallback = models.BooleanField("其他地区", default=False)
    is_served = models.BooleanField("配送", default=True)
    first_units = models.PositiveIntegerField("首件/首重", default=1)
    first_fee = models.DecimalField("首费", max_digits=8, decimal_places=2, default=0)
    further_units = models.PositiveIntegerField("续件/续重", default=1)
    further_fee = models.DecimalField("续费", max_digits=8, decimal_places=2, default=0)
    # The goods of the template in one order, from which on they cost nothing.
    free_from = models.DecimalField(
        "满额包邮", max_digits=12, decimal_places=2, null=True, blank=True
    )

    class Meta:
        default_permissions = ()
        verbose_name = "运费规则"
        verbose_name_plural = "运费规则"
        # As staff wrote them, the fallback last.
        ordering = ("is_fallback", "pk")
        constraints = (
            models.UniqueConstraint(
                "template",
                name="freightrule_one_fallback",
                condition=Q(is_fallback=True),
            ),
            models.CheckConstraint(
                name="freightrule_amounts_min",
                condition=Q(
                    first_units__gte=1,
                    first_fee__gte=0,
                    further_units__gte=1,
                    further_fee__gte=0,
                )
                & (Q(free_from__isnull=True) | Q(free_from__gte=Decimal("0.01"))),
            ),
        )

    def __str__(self) -> str:
        named = "、".join(place.name for place in self.places.all())
        return named or "其他地区"


class FreightRegion(models.Model):
    """A province or a city that a rule is for; a city goes before its province."""

    # The unique constraint begins with it.
    template = models.ForeignKey(
        FreightTemplate, models.CASCADE, related_name="regions", db_index=False
    )
    rule = models.ForeignKey(FreightRule, models.CASCADE, related_name="places")
    is_city = models.BooleanField("城市")
    # As staff wrote it.
    name = models.CharField("地区", max_length=50)
    # Without what addresses write or leave out: 广东省 and 广东 are one.
    key = models.GeneratedField(
        expression=Func(F("name"), function="catalog_region_key"),
        output_field=models.CharField(max_length=50),
        db_persist=True,
    )

    class Meta:
        default_permissions = ()
        verbose_name = "运费地区"
        verbose_name_plural = "运费地区"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                "template", "is_city", "key", name="freightregion_once"
            ),
        )

    def __str__(self) -> str:
        return self.name
