"""One table for shoppers and staff, who never are each other."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from shop.history import HistoryTable


class UserManager(BaseUserManager["User"]):
    """Make staff accounts; shoppers come into being at their first login."""

    def create_user(self, username: str, password: str, **fields: Any) -> "User":
        """Make a staff account."""
        user = self.model(username=username, is_staff=True, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str, **fields: Any) -> "User":
        """Make a staff account that may do everything."""
        return self.create_user(username, password, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A shopper (openid, no usable password) or staff (username and password)."""

    username = models.CharField(
        "用户名", max_length=150, unique=True, null=True, blank=True
    )
    openid = models.CharField(max_length=128, unique=True, null=True, editable=False)
    session_key_encrypted = models.TextField(default="", editable=False)
    nickname = models.CharField("昵称", max_length=64, default="", blank=True)
    avatar = models.CharField("头像", max_length=500, default="", blank=True)
    phone = models.CharField("手机号", max_length=20, default="", blank=True)
    is_staff = models.BooleanField("员工", default=False)
    is_active = models.BooleanField("有效", default=True)
    # For staff's eyes; empty while the account is active.
    inactive_reason = models.CharField(
        "停用原因", max_length=200, default="", db_default="", editable=False
    )
    deleted_at = models.DateTimeField("注销时间", null=True, editable=False)
    created_at = models.DateTimeField("注册时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"

    class Meta:
        verbose_name = "用户"
        verbose_name_plural = "用户"
        # By how a shopper's phone or nickname begins, newest first.
        indexes = (
            # A day's new shoppers.
            models.Index(
                "created_at", name="user_shopper_since", condition=Q(is_staff=False)
            ),
            models.Index(
                fields=["phone", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="user_phone",
                condition=Q(is_staff=False),
            ),
            models.Index(
                fields=["nickname", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="user_nickname",
                condition=Q(is_staff=False),
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="user_shopper_or_staff",
                condition=(
                    Q(is_staff=True, openid__isnull=True, username__isnull=False)
                    | Q(is_staff=False, is_superuser=False, username__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="user_openid_unless_deleted",
                condition=(
                    Q(is_staff=True)
                    | Q(openid__isnull=False, deleted_at__isnull=True)
                    | Q(openid__isnull=True, deleted_at__isnull=False)
                ),
            ),
        )

    def __str__(self) -> str:
        return self.username or self.nickname or f"用户{self.pk}"


class Shopper(User):
    """The users who buy, for the admin."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        permissions = (
            ("deactivate_shopper", "停用和启用"),
            ("reveal_shopper", "查看完整的姓名、手机号和地址"),
        )
        verbose_name = "用户"
        verbose_name_plural = "用户"


class StaffSnapshot(models.Model):
    """What a snapshot has beside the columns of the account: names outlive rows."""

    role_names = ArrayField(models.CharField(max_length=150), verbose_name="角色")
    # `app.codename`, of the permissions beside those of the roles.
    permission_names = ArrayField(
        models.CharField(max_length=200), verbose_name="单独的权限"
    )

    class Meta:
        abstract = True


class Staff(User):
    """The users who sell, for the admin; none is deleted: what they did names them."""

    # No password, and nothing that a login writes.
    history = HistoryTable(
        "员工历史",
        bases=[StaffSnapshot],
        excluded_fields=[
            *("password", "last_login", "created_at", "updated_at"),
            *("is_staff", "openid", "session_key_encrypted", "nickname", "avatar"),
            *("phone", "deleted_at"),
        ],
        no_db_index=["username"],
    )

    class Meta:
        proxy = True
        default_permissions = ("add", "change", "view")
        permissions = (("assign_staff", "分配角色"),)
        verbose_name = "员工"
        verbose_name_plural = "员工"
