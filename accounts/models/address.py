"""The address book."""

from django.db import models
from django.db.models import Q

from accounts.models.user import User


class Address(models.Model):
    """Where a shopper wants goods sent; an order keeps its own copy."""

    user = models.ForeignKey(User, models.CASCADE, related_name="addresses")
    name = models.CharField("收货人", max_length=50)
    phone = models.CharField("手机号", max_length=20)
    province = models.CharField("省份", max_length=50)
    city = models.CharField("城市", max_length=50)
    district = models.CharField("区县", max_length=50)
    detail = models.CharField("详细地址", max_length=200)
    is_default = models.BooleanField("默认地址", default=False)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = "地址"
        verbose_name_plural = "地址"
        constraints = (
            models.UniqueConstraint(
                "user", name="address_one_default", condition=Q(is_default=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.province}{self.city}{self.district}{self.detail}"
