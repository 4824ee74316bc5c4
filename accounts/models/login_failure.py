"""The record of password logins that failed, for the admin."""

from axes.models import AccessFailureLog


class LoginFailure(AccessFailureLog):
    """A row that axes writes."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = "登录失败记录"
        verbose_name_plural = "登录失败记录"

    def __str__(self) -> str:
        return f"{self.username} {self.ip_address}"
