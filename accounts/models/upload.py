"""Who sent which picture, so that it goes when they go."""

from django.db import models

from accounts.models.user import User


class Upload(models.Model):
    """A stored picture that its sender may use in products, reviews or refunds."""

    user = models.ForeignKey(User, models.CASCADE, related_name="uploads")
    # A storage name.
    file = models.CharField("文件", max_length=200, unique=True, db_collation="C")
    created_at = models.DateTimeField("上传时间", auto_now_add=True)

    class Meta:
        verbose_name = "上传"
        verbose_name_plural = "上传"

    def __str__(self) -> str:
        return self.file
