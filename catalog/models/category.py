"""The tree that products hang on."""

from django.db import models
from django.db.models import F, Q

from shop.history import HistoryTable


class Category(models.Model):
    """A node of the tree; the root's parent is null."""

    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="上级分类",
    )
    name = models.CharField("名称", max_length=50)
    # A storage name of an uploaded image.
    icon = models.CharField("图标", max_length=200, default="", blank=True)
    position = models.IntegerField("排序", default=0)

    history = HistoryTable("分类历史", no_db_index=["parent"])

    class Meta:
        verbose_name = "分类"
        verbose_name_plural = "分类"
        ordering = ("position", "pk")
        constraints = (
            models.CheckConstraint(
                name="category_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
            ),
        )

    def __str__(self) -> str:
        return self.name
