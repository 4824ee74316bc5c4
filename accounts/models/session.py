"""A login, which both of its tokens name."""

import uuid

from django.db import models

from accounts.models.user import User


class Session(models.Model):
    """What makes a token die at once: end the session and both its tokens are dead."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    # The jti of the one refresh token that may still be spent.
    refresh_jti = models.CharField(max_length=32)
    expires_at = models.DateTimeField("过期时间", db_index=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    created_at = models.DateTimeField("登录时间", auto_now_add=True)

    class Meta:
        verbose_name = "登录"
        verbose_name_plural = "登录"

    def __str__(self) -> str:
        return str(self.pk)
