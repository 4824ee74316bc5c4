"""Money that did not come or go as it should: what happened and what was done."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from orders.models.order import Order
from orders.models.payment import Payment
from orders.models.refund import Refund


class AnomalyKind(models.TextChoices):
    """What is odd about it."""

    LATE = "late", "迟到付款"
    SECOND = "second", "重复付款"
    OLD_PRICE = "old_price", "旧价付款"
    MISMATCH = "mismatch", "付款信息不符"
    UNCLOSABLE = "unclosable", "无法关闭的支付"
    REFUND_FAILED = "refund_failed", "退款失败"


class PaymentAnomalyQuerySet(models.QuerySet["PaymentAnomaly"]):
    """Filters by the anomaly's own words."""

    def open(self) -> "PaymentAnomalyQuerySet":
        """Keep what nobody has looked at yet."""
        return self.filter(handled_at=None)


class PaymentAnomaly(models.Model):
    """Something that a person should look at, once."""

    # What makes it this one: told again, it is counted, not doubled.
    key = models.CharField(max_length=200, unique=True, editable=False)
    kind = models.CharField("类型", max_length=20, choices=AnomalyKind.choices)
    order = models.ForeignKey(
        Order,
        models.PROTECT,
        null=True,
        related_name="anomalies",
        verbose_name="订单",
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, related_name="+", verbose_name="支付"
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, related_name="+", verbose_name="退款"
    )
    happened = models.CharField("发生了什么", max_length=200)
    done = models.CharField("系统做了什么", max_length=200)
    # The facts as WeChat stated them, without the payer.
    facts = models.JSONField("微信事实", null=True)
    times = models.PositiveIntegerField("次数", default=1)
    created_at = models.DateTimeField("首次时间", auto_now_add=True)
    last_at = models.DateTimeField("最近时间", auto_now_add=True)
    handled_at = models.DateTimeField("处理时间", null=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name="处理人",
    )
    note = models.CharField("处理说明", max_length=200, default="", blank=True)

    objects = PaymentAnomalyQuerySet.as_manager()

    class Meta:
        verbose_name = "支付异常"
        verbose_name_plural = "支付异常"
        permissions = (("handle_paymentanomaly", "可以处理支付异常"),)
        constraints = (
            models.CheckConstraint(
                name="anomaly_kind_known", condition=Q(kind__in=AnomalyKind.values)
            ),
        )
        indexes = (
            models.Index(
                F("id").desc(), name="anomaly_open", condition=Q(handled_at=None)
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do now."""
        return ["handle"] if self.handled_at is None else []
