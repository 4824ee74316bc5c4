"""A filter of a list that somebody has kept for themselves."""

from django.conf import settings
from django.db import models

NAME_MAX = 20


class SavedFilter(models.Model):
    """A list's filters and search under a name of one's own."""

    # The unique constraint begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="saved_filters",
        db_index=False,
    )
    # The list's model, `app.model`.
    desk = models.CharField(max_length=100)
    name = models.CharField("名称", max_length=NAME_MAX)
    # Parameters that the list knows, as in its address.
    query = models.CharField(max_length=1000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "保存的筛选"
        verbose_name_plural = "保存的筛选"
        default_permissions = ()
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint("user", "desk", "name", name="savedfilter_once"),
        )

    def __str__(self) -> str:
        return self.name
