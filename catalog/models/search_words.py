"""What people search for, and what staff make of it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q

from shop.history import HistoryTable


def _folded(column: str) -> Func:
    """Return the word as the keyword index knows it: 茶 T恤 is 茶 t恤."""
    return Func(F(column), function="catalog_search_fold")


class WordKind(models.TextChoices):
    """What staff want with a word."""

    HOT = "hot", "热词"
    BLOCKED = "blocked", "屏蔽词"


class SearchWord(models.Model):
    """A word that staff offer to who searches, or never want to be offered."""

    word = models.CharField("词", max_length=50)
    kind = models.CharField(
        "类型", max_length=10, choices=WordKind.choices, default=WordKind.HOT
    )
    is_pinned = models.BooleanField("置顶", default=False)
    position = models.IntegerField("排序", default=0)
    is_active = models.BooleanField("启用", default=True)

    history = HistoryTable("搜索词历史")

    class Meta:
        verbose_name = "搜索词"
        verbose_name_plural = "搜索词"
        ordering = ("kind", "-is_pinned", "position", "pk")
        constraints = (
            models.UniqueConstraint(_folded("word"), name="searchword_once"),
            models.CheckConstraint(
                name="searchword_kind_known", condition=Q(kind__in=WordKind.values)
            ),
        )

    def __str__(self) -> str:
        return self.word


class PopularWord(models.Model):
    """What many shoppers searched for lately; a job counts it anew."""

    word = models.CharField("词", max_length=50, primary_key=True)
    shoppers = models.PositiveIntegerField("搜索人数")

    class Meta:
        verbose_name = "热门搜索"
        verbose_name_plural = "热门搜索"
        default_permissions = ("view",)
        ordering = ("-shoppers", "pk")

    def __str__(self) -> str:
        return self.word


class SearchHistory(models.Model):
    """A word that a shopper has searched for: one row, however often."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    keyword = models.CharField("关键词", max_length=50)
    searched_at = models.DateTimeField("搜索时间")

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                "user", _folded("keyword"), name="searchhistory_once"
            ),
        )
        indexes = (
            models.Index(
                "user",
                F("searched_at").desc(),
                F("id").desc(),
                name="searchhistory_newest",
            ),
            # What was searched for lately, and what is to be deleted.
            models.Index("searched_at", name="searchhistory_moment"),
        )

    def __str__(self) -> str:
        return self.keyword
