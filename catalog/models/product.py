"""What is sold, as the shopper sees it; what is counted is the SKU."""

from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from catalog.models.category import Category
from catalog.models.freight import FreightTemplate
from shop.history import HistoryTable


class ProductStatus(models.TextChoices):
    """Only what is on sale exists for the public; nothing leaves `deleted`."""

    ON_SALE = "on_sale", "在售"
    OFF_SALE = "off_sale", "下架"
    DELETED = "deleted", "已删除"


class ProductQuerySet(models.QuerySet["Product"]):
    """Filters by the product's own words."""

    def on_sale(self) -> "ProductQuerySet":
        """Keep what the public may see."""
        return self.filter(status=ProductStatus.ON_SALE)

    def present(self) -> "ProductQuerySet":
        """Keep what staff may still write."""
        return self.exclude(status=ProductStatus.DELETED)


# One index per way the public may sort, with and without a category.
_ORDERS: dict[str, list[Any]] = {
    "newest": [F("created_at").desc()],
    "sales": [F("sales").desc()],
    "price": [F("price").desc()],
    "category_newest": ["category", F("created_at").desc()],
    "category_sales": ["category", F("sales").desc()],
    "category_price": ["category", F("price").desc()],
}


class ProductSnapshot(models.Model):
    """What a snapshot has beside the product's own columns."""

    # Storage names, in order.
    pictures = ArrayField(models.CharField(max_length=200), verbose_name="图片")

    class Meta:
        abstract = True


class Product(models.Model):
    """A product with at least one SKU behind it."""

    name = models.CharField("名称", max_length=100)
    description = models.TextField("描述", default="", blank=True)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, related_name="+", verbose_name="分类"
    )
    # The default one where it is null. No index: who deletes a template reads them all.
    freight_template = models.ForeignKey(
        FreightTemplate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="运费模板",
    )
    status = models.CharField(
        "状态",
        max_length=10,
        choices=ProductStatus.choices,
        default=ProductStatus.ON_SALE,
    )
    # The lowest price of its SKUs, kept here so that lists sort by an index.
    price = models.DecimalField("价格", max_digits=12, decimal_places=2)
    original_price = models.DecimalField(
        "原价", max_digits=12, decimal_places=2, null=True, blank=True
    )
    # The order in which a shopper chooses: a JSON object in the database has none.
    spec_names = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        verbose_name="规格顺序",
    )
    # Pieces paid for and not refunded.
    sales = models.PositiveIntegerField("销量", default=0)
    # Of the reviews that the public sees: how many, and the sum of their stars.
    rating_count = models.PositiveIntegerField("评价数", default=0, db_default=0)
    rating_sum = models.PositiveIntegerField("评分合计", default=0, db_default=0)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = ProductQuerySet.as_manager()
    # The price is that of the SKUs, which have a history of their own.
    history = HistoryTable(
        "商品历史",
        bases=[ProductSnapshot],
        excluded_fields=[
            *("price", "sales", "rating_count", "rating_sum"),
            *("created_at", "updated_at"),
        ],
        no_db_index=["category", "freight_template"],
    )

    class Meta:
        verbose_name = "商品"
        verbose_name_plural = "商品"
        permissions = (
            ("import_product", "可以导入商品"),
            ("export_product", "可以导出商品和盘点表"),
        )
        constraints = (
            models.CheckConstraint(
                name="product_price_min", condition=Q(price__gte=Decimal("0.01"))
            ),
            models.CheckConstraint(
                name="product_original_price_min",
                condition=Q(original_price__gte=Decimal("0.00")),
            ),
            models.CheckConstraint(
                name="product_status_known",
                condition=Q(status__in=ProductStatus.values),
            ),
        )
        # `id` breaks ties, so that pages neither repeat nor skip a row.
        indexes = tuple(
            models.Index(
                *columns,
                F("id").desc(),
                name=f"product_{name}",
                condition=Q(status=ProductStatus.ON_SALE),
            )
            for name, columns in _ORDERS.items()
        )

    def __str__(self) -> str:
        return self.name

    @cached_property
    def favorite_count(self) -> int:
        """Count who has marked it, once: a page asks for a field several times."""
        return self.favorites.count()

    @property
    def version(self) -> str:
        """Tell apart what staff have written; sales and stock change without it."""
        return self.updated_at.isoformat()


class ProductImage(models.Model):
    """A picture of a product, in the order that staff chose."""

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="images", verbose_name="商品"
    )
    # A storage name; its URL is made from PUBLIC_URL when it is shown.
    file = models.CharField("图片", max_length=200)
    position = models.PositiveSmallIntegerField("排序", default=0)

    class Meta:
        verbose_name = "商品图片"
        verbose_name_plural = "商品图片"
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.file


class ProductAddition(models.Model):
    """A page by which staff added a product, named by its key: it adds one."""

    key = models.UUIDField(primary_key=True)
    product = models.OneToOneField(Product, models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.key)
