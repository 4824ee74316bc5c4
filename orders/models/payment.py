"""One attempt to be paid, with an out_trade_no of its own."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from orders.models.order import Order

# A notification takes seconds; after this long without one WeChat is asked.
QUERY_AFTER = timedelta(minutes=5)


class PaymentState(models.TextChoices):
    """An attempt is open until WeChat says that it was paid or is closed.

    Undue is money that came and pays for nothing: it goes back, and whoever was closed
    may still become it.
    """

    OPEN = "open", "待支付"
    SUCCEEDED = "succeeded", "已支付"
    CLOSED = "closed", "已关闭"
    UNDUE = "undue", "多收款"


# Money was received.
RECEIVED = (PaymentState.SUCCEEDED, PaymentState.UNDUE)


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Filters by the attempt's own words."""

    def open(self) -> "PaymentQuerySet":
        """Keep what may still be paid."""
        return self.filter(state=PaymentState.OPEN)

    def succeeded(self) -> "PaymentQuerySet":
        """Keep what was paid."""
        return self.filter(state=PaymentState.SUCCEEDED)

    def received(self) -> "PaymentQuerySet":
        """Keep the money that came, what was not due included."""
        return self.filter(state__in=RECEIVED)

    def to_query(self, now: datetime) -> "PaymentQuerySet":
        """Keep the open attempts that WeChat should be asked about by now."""
        # One that an older version began has no time.
        is_due = Q(next_query_at__lte=now) | Q(next_query_at=None)
        return self.open().filter(is_due)


class Payment(models.Model):
    """What WeChat knows about our wish to be paid, and what it said."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    out_trade_no = models.CharField(
        "商户单号", max_length=32, unique=True, db_collation="C"
    )
    amount = models.DecimalField("金额", max_digits=12, decimal_places=2)
    state = models.CharField(
        "状态", max_length=10, choices=PaymentState.choices, default=PaymentState.OPEN
    )
    # WeChat's time_expire: it can't be changed once prepay has been called.
    expires_at = models.DateTimeField("支付截止")
    prepay_id = models.CharField(max_length=64, default="", blank=True)
    prepay_at = models.DateTimeField("预支付时间", null=True)
    # Since then WeChat may have closed it, whatever became of the answer: its
    # parameters are asked for anew, for the kept ones may be dead.
    close_asked_at = models.DateTimeField(null=True, editable=False)
    transaction_id = models.CharField(
        "微信单号",
        max_length=32,
        unique=True,
        null=True,
        blank=True,
        db_collation="C",
    )
    # The facts as WeChat stated them in a message whose signature was verified.
    facts = models.JSONField("微信事实", null=True)
    paid_at = models.DateTimeField("支付时间", null=True)
    # The sum of the refunds that are neither rejected nor withdrawn.
    refund_amount = models.DecimalField(
        "退款金额",
        max_digits=12,
        decimal_places=2,
        default=Decimal("0.00"),
        db_default=Decimal("0.00"),
    )
    # When WeChat is asked next whether the open attempt was paid.
    next_query_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = "支付"
        verbose_name_plural = "支付"
        constraints = (
            models.CheckConstraint(
                name="payment_state_is_known",
                condition=Q(state__in=PaymentState.values),
            ),
            models.CheckConstraint(
                name="payment_amount_min", condition=Q(amount__gte=Decimal("0.01"))
            ),
            models.CheckConstraint(
                name="payment_received_with_facts",
                condition=~Q(state__in=RECEIVED)
                | Q(
                    transaction_id__isnull=False,
                    facts__isnull=False,
                    paid_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="payment_refund_range",
                condition=Q(refund_amount__gte=0, refund_amount__lte=F("amount")),
            ),
            models.UniqueConstraint(
                "order",
                name="payment_one_success",
                condition=Q(state=PaymentState.SUCCEEDED),
            ),
            models.UniqueConstraint(
                "order", name="payment_one_open", condition=Q(state=PaymentState.OPEN)
            ),
        )
        indexes = (
            models.Index(
                "next_query_at",
                name="payment_to_query",
                condition=Q(state=PaymentState.OPEN),
            ),
            # A day's payments, for its bill and its figures.
            models.Index(
                "paid_at",
                name="payment_paid_at",
                condition=Q(paid_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.out_trade_no
