"""What staff put on the home page: banners, and sections of products."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from catalog.models.category import Category
from catalog.models.product import Product, ProductStatus
from shop.history import HistoryTable

# What may be chosen: one that is off sale is shown as soon as it is on sale again.
_PRESENT = {"status__in": (ProductStatus.ON_SALE, ProductStatus.OFF_SALE)}


class BannerTarget(models.TextChoices):
    """Where a banner leads to."""

    NOTHING = "nothing", "不跳转"
    PRODUCT = "product", "商品"
    CATEGORY = "category", "分类"
    SEARCH = "search", "搜索词"
    PAGE = "page", "小程序页面"
    WEB = "web", "网页"


class BannerState(models.TextChoices):
    """Where a banner stands between its two moments."""

    OFF = "off", "已停用"
    COMING = "coming", "未开始"
    RUNNING = "running", "展示中"
    OVER = "over", "已结束"


def _given_for(kind: str, column: str) -> Any:
    """Let a column have a value exactly when the banner leads to that."""
    is_given = Q(**{f"{column}__isnull": False})
    return Q(is_given, target_kind=kind) | (~is_given & ~Q(target_kind=kind))


_OF_TEXT = (BannerTarget.SEARCH, BannerTarget.PAGE, BannerTarget.WEB)


class Banner(models.Model):
    """A picture at the top of the home page, for as long as its period lasts."""

    title = models.CharField("标题", max_length=50)
    # A storage name of an uploaded image.
    image = models.CharField("图片", max_length=200)
    target_kind = models.CharField(
        "跳转到",
        max_length=10,
        choices=BannerTarget.choices,
        default=BannerTarget.NOTHING,
    )
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to=_PRESENT,
        verbose_name="商品",
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="分类",
    )
    # A search word, a path of the mini-program or an address of the web.
    target = models.CharField("跳转内容", max_length=500, default="", blank=True)
    starts_at = models.DateTimeField("开始时间", null=True, blank=True)
    ends_at = models.DateTimeField("结束时间", null=True, blank=True)
    position = models.IntegerField("排序", default=0)
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)

    history = HistoryTable(
        "轮播图历史",
        excluded_fields=["created_at"],
        no_db_index=["product", "category"],
    )

    class Meta:
        verbose_name = "轮播图"
        verbose_name_plural = "轮播图"
        ordering = ("position", "pk")
        constraints = (
            models.CheckConstraint(
                name="banner_target_known",
                condition=Q(target_kind__in=BannerTarget.values),
            ),
            models.CheckConstraint(
                name="banner_product_given", condition=_given_for("product", "product")
            ),
            models.CheckConstraint(
                name="banner_category_given",
                condition=_given_for("category", "category"),
            ),
            models.CheckConstraint(
                name="banner_text_given",
                condition=(~Q(target="") & Q(target_kind__in=_OF_TEXT))
                | (Q(target="") & ~Q(target_kind__in=_OF_TEXT)),
            ),
            models.CheckConstraint(
                name="banner_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))
            ),
        )

    def __str__(self) -> str:
        return self.title

    def state(self, now: Any) -> BannerState:
        """Say where it stands at a moment."""
        if not self.is_active:
            return BannerState.OFF
        if self.starts_at and now < self.starts_at:
            return BannerState.COMING
        is_over = self.ends_at and now >= self.ends_at
        return BannerState.OVER if is_over else BannerState.RUNNING


class SectionKind(models.TextChoices):
    """Which products a section shows."""

    CHOSEN = "chosen", "指定商品"
    NEWEST = "newest", "最新上架"
    BEST_SELLING = "best_selling", "销量最高"
    CATEGORY = "category", "某个分类"


# More than that nobody scrolls through, and the page would outgrow what is kept of it.
SECTION_PRODUCTS_MAX = 10


class SectionSnapshot(models.Model):
    """What a snapshot has beside the section's own columns."""

    # Their ids, in order.
    products = ArrayField(models.BigIntegerField(), verbose_name="商品")

    class Meta:
        abstract = True


class HomeSection(models.Model):
    """A titled row of products on the home page."""

    title = models.CharField("标题", max_length=20)
    kind = models.CharField("内容", max_length=20, choices=SectionKind.choices)
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="分类",
    )
    shown_count = models.PositiveSmallIntegerField("显示数量", default=6)
    position = models.IntegerField("排序", default=0)
    is_active = models.BooleanField("启用", default=True)

    history = HistoryTable(
        "首页板块历史", bases=[SectionSnapshot], no_db_index=["category"]
    )

    class Meta:
        verbose_name = "首页板块"
        verbose_name_plural = "首页板块"
        ordering = ("position", "pk")
        constraints = (
            models.CheckConstraint(
                name="homesection_kind_known",
                condition=Q(kind__in=SectionKind.values),
            ),
            models.CheckConstraint(
                name="homesection_category_given",
                condition=Q(kind="category", category__isnull=False)
                | (~Q(kind="category") & Q(category__isnull=True)),
            ),
            models.CheckConstraint(
                name="homesection_shown_count",
                condition=Q(shown_count__range=(1, SECTION_PRODUCTS_MAX)),
            ),
        )

    def __str__(self) -> str:
        return self.title


class HomeSectionProduct(models.Model):
    """A product that staff have chosen for a section, in their order."""

    section = models.ForeignKey(
        HomeSection, models.CASCADE, related_name="lines", verbose_name="板块"
    )
    product = models.ForeignKey(
        Product,
        models.CASCADE,
        related_name="+",
        limit_choices_to=_PRESENT,
        verbose_name="商品",
    )
    position = models.PositiveSmallIntegerField("排序", default=0)

    class Meta:
        default_permissions = ()
        verbose_name = "板块商品"
        verbose_name_plural = "板块商品"
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(
                "section", "product", name="homesectionproduct_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.product)
