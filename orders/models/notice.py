"""What WeChat told us of a payment or a refund, as it told it."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from orders.models.payment import Payment
from orders.models.refund import Refund


class PaymentNoticeQuerySet(models.QuerySet["PaymentNotice"]):
    """Filters by the notice's own words."""

    def due(self, now: datetime) -> "PaymentNoticeQuerySet":
        """Keep what should be settled again by now."""
        return self.filter(due_at__lte=now)

    def unsettled(self) -> "PaymentNoticeQuerySet":
        """Keep what has not been settled, for whatever reason."""
        return self.filter(settled_at=None)

    def of(self, user_id: int) -> "PaymentNoticeQuerySet":
        """Keep what was told of a shopper's payments and refunds, by their numbers.

        What was told of a number that is none of ours names the person alone.
        """
        openid = User.objects.values_list("openid", flat=True).get(pk=user_id)
        payments = Payment.objects.filter(order__user_id=user_id)
        # As a list: beside the other conditions a subquery would read the whole table.
        is_theirs = Q(number__in=[*payments.values_list("out_trade_no", flat=True)])
        # Each try of a refund has its number, and some more digits.
        for refund_no in Refund.objects.of(user_id).values_list("refund_no", flat=True):
            is_theirs |= Q(number__startswith=refund_no)
        if openid:
            is_theirs |= Q(settled_at=None, facts__payer__openid=openid)
        return self.filter(is_theirs)


class PaymentNotice(models.Model):
    """A notification whose signature was verified; stored before it is settled."""

    # WeChat's own id: one that is sent again is the same.
    notice_id = models.CharField(
        "通知编号", max_length=64, unique=True, db_collation="C"
    )
    event_type = models.CharField("事件", max_length=64)
    # The out_trade_no of a payment, the out_refund_no of a refund; whatever was said.
    number = models.CharField("商户单号", max_length=64, db_collation="C")
    # The decrypted resource.
    facts = models.JSONField("微信事实")
    received_at = models.DateTimeField("收到时间")
    # Null until what it says is booked.
    settled_at = models.DateTimeField("处理时间", null=True)
    # The slug of the error, when it is nothing that we could book.
    refusal = models.CharField("拒绝原因", max_length=64, default="", blank=True)
    # When it is settled again; null when it is settled, refused or given up.
    due_at = models.DateTimeField("下次处理", null=True)

    objects = PaymentNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "微信通知"
        verbose_name_plural = "微信通知"
        default_permissions = ("view",)
        permissions = (("replay_paymentnotice", "可以重新处理微信通知"),)
        constraints = (
            models.CheckConstraint(
                name="notice_settled_is_not_due",
                condition=Q(settled_at=None) | Q(due_at=None),
            ),
        )
        indexes = (
            models.Index("number", name="notice_number"),
            models.Index("received_at", name="notice_received"),
            models.Index(
                "due_at", name="notice_due", condition=Q(due_at__isnull=False)
            ),
            models.Index(
                F("id").desc(), name="notice_unsettled", condition=Q(settled_at=None)
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_type} {self.number}"

    @property
    def is_given_up(self) -> bool:
        """Tell that it was neither settled nor refused, and is tried no more."""
        return not (self.settled_at or self.refusal or self.due_at)
