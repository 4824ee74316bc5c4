"""A coupon as staff make it: what it takes off, of which goods, for whom."""

from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

PERCENT_MAX = 99
TITLE_MAX = 50


class CouponKind(models.TextChoices):
    """How much a coupon takes off."""

    REDUCTION = "reduction", "满减"
    PERCENTAGE = "percentage", "折扣"


class CouponScope(models.TextChoices):
    """Which goods count and are made cheaper."""

    ALL = "all", "全部商品"
    # With all categories below them.
    CATEGORIES = "categories", "指定分类"
    PRODUCTS = "products", "指定商品"


class CouponStatus(models.TextChoices):
    """What staff have done with it; what it means now is a question of time."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    ENDED = "ended", "已结束"


class CouponQuerySet(models.QuerySet["Coupon"]):
    """Filters by the coupon's own words."""

    def claimable(self, now: datetime) -> "CouponQuerySet":
        """Keep what a shopper can take now."""
        is_open = Q(claim_until=None) | Q(claim_until__gt=now)
        is_of_use = Q(valid_until=None) | Q(valid_until__gt=now)
        is_left = Q(total_limit=None) | Q(claimed_count__lt=F("total_limit"))
        published = self.filter(status=CouponStatus.PUBLISHED, claim_from__lte=now)
        return published.filter(is_open, is_of_use, is_left)

    def running(self, begin: datetime, end: datetime) -> "CouponQuerySet":
        """Keep what is or will be claimed at some moment of a time."""
        goes_on = Q(claim_until=None) | Q(claim_until__gt=begin)
        wanted = self.exclude(status=CouponStatus.ENDED)
        return wanted.filter(goes_on, claim_from__lt=end)


def _is_positive(name: str) -> Q:
    """Say that a number is given and not 0, or not given."""
    return Q((name, None)) | Q((f"{name}__gte", 1))


class Coupon(models.Model):
    """What a claim of it takes off an order.

    Once it is published, what shoppers may hold stays as it is; only how many may be
    claimed, and until when, can change.
    """

    title = models.CharField("名称", max_length=TITLE_MAX)
    kind = models.CharField("类型", max_length=10, choices=CouponKind.choices)
    # What the goods that count must cost together; 0: anything.
    minimum_amount = models.DecimalField(
        "使用门槛(元)", max_digits=12, decimal_places=2, default=Decimal("0.00")
    )
    # What a reduction takes off, and the most that a percentage does.
    amount = models.DecimalField("优惠金额(元)", max_digits=12, decimal_places=2)
    percent_off = models.PositiveSmallIntegerField("减百分之几", null=True, blank=True)
    scope = models.CharField("适用范围", max_length=10, choices=CouponScope.choices)
    # Ids of categories or of products.
    target_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        verbose_name="适用分类或商品",
    )
    total_limit = models.PositiveIntegerField("发放总量", null=True, blank=True)
    user_limit = models.PositiveSmallIntegerField("每人限领", default=1)
    claim_from = models.DateTimeField("领取开始")
    claim_until = models.DateTimeField("领取结束", null=True, blank=True)
    # From then until then, or for so many days after it was claimed.
    valid_from = models.DateTimeField("使用开始", null=True, blank=True)
    valid_until = models.DateTimeField("使用结束", null=True, blank=True)
    valid_days = models.PositiveSmallIntegerField(
        "领取后几天有效", null=True, blank=True
    )
    status = models.CharField(
        "状态",
        max_length=10,
        choices=CouponStatus.choices,
        default=CouponStatus.DRAFT,
    )
    # Kept here, so that the limit is held by the row that claims lock anyway.
    claimed_count = models.PositiveIntegerField("已领取", default=0)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = "优惠券"
        verbose_name_plural = "优惠券"
        # None is deleted: a draft that nobody wants is ended.
        default_permissions = ("add", "change", "view")
        permissions = (
            ("publish_coupon", "可以发布和结束优惠券"),
            ("give_coupon", "可以给用户发优惠券"),
        )
        constraints = (
            models.CheckConstraint(
                name="coupon_status_known",
                condition=Q(status__in=CouponStatus.values),
            ),
            models.CheckConstraint(
                name="coupon_percent_of_its_kind",
                condition=Q(kind=CouponKind.REDUCTION, percent_off=None)
                | Q(
                    kind=CouponKind.PERCENTAGE,
                    percent_off__isnull=False,
                    percent_off__gte=1,
                    percent_off__lte=PERCENT_MAX,
                ),
            ),
            models.CheckConstraint(
                name="coupon_amounts_min",
                condition=Q(minimum_amount__gte=0, amount__gte=Decimal("0.01")),
            ),
            models.CheckConstraint(
                name="coupon_targets_of_its_scope",
                condition=Q(scope=CouponScope.ALL, target_ids__len=0)
                | Q(
                    scope__in=[CouponScope.CATEGORIES, CouponScope.PRODUCTS],
                    target_ids__len__gte=1,
                ),
            ),
            models.CheckConstraint(
                name="coupon_validity_is_one",
                condition=Q(
                    valid_days__isnull=False,
                    valid_days__gte=1,
                    valid_from=None,
                    valid_until=None,
                )
                | Q(
                    valid_days=None,
                    valid_from__isnull=False,
                    valid_until__isnull=False,
                    valid_until__gt=F("valid_from"),
                ),
            ),
            models.CheckConstraint(
                name="coupon_claim_period",
                condition=Q(claim_until=None) | Q(claim_until__gt=F("claim_from")),
            ),
            models.CheckConstraint(
                name="coupon_limits_min",
                condition=_is_positive("total_limit") & Q(user_limit__gte=1),
            ),
            models.CheckConstraint(
                name="coupon_claimed_max",
                condition=Q(total_limit=None) | Q(claimed_count__lte=F("total_limit")),
            ),
        )
        indexes = (
            models.Index(
                F("id").desc(),
                name="coupon_published",
                condition=Q(status=CouponStatus.PUBLISHED),
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def version(self) -> str:
        """Tell apart what staff have written; claims come without it."""
        return self.updated_at.isoformat()

    @property
    def left(self) -> int | None:
        """Return how many may still be claimed; None: any number."""
        if self.total_limit is None:
            return None
        return self.total_limit - self.claimed_count

    @property
    def terms(self) -> str:
        """Say what it takes off, as shoppers read it."""
        least = self.minimum_amount
        first = f"满{_yuan(least)}元" if least else "无门槛"
        if self.percent_off is None:
            return f"{first}减{_yuan(self.amount)}元"
        tenths = Decimal(100 - self.percent_off) / 10
        return f"{first}{tenths:f}折,最多减{_yuan(self.amount)}元"

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do now, the next thing to do first."""
        if self.status == CouponStatus.DRAFT:
            return ["publish", "copy", "end"]
        if self.status == CouponStatus.PUBLISHED:
            return ["give", "copy", "end"]
        return ["copy"]


def _yuan(amount: Decimal) -> str:
    """Write an amount without zeros that say nothing: `20`, `0.5`."""
    return f"{amount.normalize():f}"
