"""The daily bill against our books: one check per day, and what did not agree."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from orders.models.order import Order

# WeChat keeps bills for three months.
BILL_DAYS_KEPT = 90


class CheckResult(models.TextChoices):
    """How the last check of a day ended; failed: it is still to be done."""

    MATCHED = "matched", "已平"
    DIFFERENCES = "differences", "有差异"
    FAILED = "failed", "未完成"


class DifferenceKind(models.TextChoices):
    """What the bill and our books don't agree on."""

    UNBOOKED_PAYMENT = "unbooked_payment", "微信已收款,系统未入账"
    UNLISTED_PAYMENT = "unlisted_payment", "系统已入账,账单没有"
    UNKNOWN_PAYMENT = "unknown_payment", "系统没有的付款"
    PAYMENT_AMOUNT = "payment_amount", "付款金额不一致"
    TRANSACTION_ID = "transaction_id", "微信单号不一致"
    UNKNOWN_REFUND = "unknown_refund", "系统没有的退款"
    UNLISTED_REFUND = "unlisted_refund", "系统已退款,账单没有"
    REFUND_AMOUNT = "refund_amount", "退款金额不一致"
    REFUND_STATE = "refund_state", "退款状态不一致"


class BillCheck(models.Model):
    """A day's bill as it was last compared; sums are of this shop's app alone."""

    day = models.DateField("账单日期", unique=True)
    result = models.CharField("结果", max_length=12, choices=CheckResult.choices)
    # Why it is still to be done.
    error = models.CharField("原因", max_length=200, default="", blank=True)
    bill_payments = models.PositiveIntegerField("账单付款笔数", default=0)
    bill_paid = models.DecimalField(
        "账单付款金额", max_digits=14, decimal_places=2, default=0
    )
    bill_refunds = models.PositiveIntegerField("账单退款笔数", default=0)
    bill_refunded = models.DecimalField(
        "账单退款金额", max_digits=14, decimal_places=2, default=0
    )
    shop_payments = models.PositiveIntegerField("系统付款笔数", default=0)
    shop_paid = models.DecimalField(
        "系统付款金额", max_digits=14, decimal_places=2, default=0
    )
    shop_refunds = models.PositiveIntegerField("系统退款笔数", default=0)
    shop_refunded = models.DecimalField(
        "系统退款金额", max_digits=14, decimal_places=2, default=0
    )
    # Rows of other apps, a till or another mini-program, under the same merchant.
    other_rows = models.PositiveIntegerField("其他应用的笔数", default=0)
    checked_at = models.DateTimeField("对账时间")

    class Meta:
        verbose_name = "对账"
        verbose_name_plural = "对账"
        permissions = (("run_billcheck", "可以重新对账"),)
        constraints = (
            models.CheckConstraint(
                name="billcheck_result_known",
                condition=Q(result__in=CheckResult.values),
            ),
        )

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do with it now."""
        oldest = timezone.localdate() - timedelta(days=BILL_DAYS_KEPT)
        return ["run"] if self.day >= oldest else []


class BillDifferenceQuerySet(models.QuerySet["BillDifference"]):
    """Filters by the difference's own words."""

    def open(self) -> "BillDifferenceQuerySet":
        """Keep what nobody has dealt with."""
        return self.filter(resolved_at=None)


class BillDifference(models.Model):
    """Something that the bill of a day and our books say differently."""

    # The unique constraint begins with it.
    bill_check = models.ForeignKey(
        BillCheck,
        models.PROTECT,
        related_name="differences",
        db_index=False,
        verbose_name="对账",
    )
    kind = models.CharField("类型", max_length=20, choices=DifferenceKind.choices)
    # WeChat's name for it: an out_trade_no or an out_refund_no.
    number = models.CharField("商户单号", max_length=64, db_collation="C")
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, related_name="+", verbose_name="订单"
    )
    bill_says = models.CharField("账单", max_length=200, default="", blank=True)
    shop_says = models.CharField("系统", max_length=200, default="", blank=True)
    # What the system did about it; also why it could not mend it.
    done = models.CharField("系统做了什么", max_length=200, default="", blank=True)
    found_at = models.DateTimeField("发现时间", auto_now_add=True)
    resolved_at = models.DateTimeField("处理时间", null=True)
    # Null when nobody did it: it was mended, or had gone when it was checked again.
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name="处理人",
    )
    note = models.CharField("处理说明", max_length=200, default="", blank=True)

    objects = BillDifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = "对账差异"
        verbose_name_plural = "对账差异"
        permissions = (("resolve_billdifference", "可以处理对账差异"),)
        constraints = (
            models.UniqueConstraint(
                "bill_check", "kind", "number", name="billdifference_once"
            ),
            models.CheckConstraint(
                name="billdifference_kind_known",
                condition=Q(kind__in=DifferenceKind.values),
            ),
        )
        indexes = (
            models.Index(
                F("id").desc(),
                name="billdifference_open",
                condition=Q(resolved_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do with it now."""
        return ["resolve"] if self.resolved_at is None else []
