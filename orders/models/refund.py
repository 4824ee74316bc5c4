"""Money on its way back: how much, for which pieces, and what WeChat said of it."""

from collections.abc import Mapping
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q

from orders.models.order import Order, OrderItem
from orders.models.payment import Payment
from orders.numbers import refund_no_of


class RefundKind(models.TextChoices):
    """Why money goes back, and so who had a say in it."""

    CANCEL = "cancel", "取消订单"
    AFTER_SALE = "after_sale", "售后"
    STAFF = "staff", "商家退款"
    AUTOMATIC = "automatic", "自动退款"


class RefundState(models.TextChoices):
    """Where a refund is; WeChat has a part in it from processing on."""

    REQUESTED = "requested", "待处理"
    APPROVED = "approved", "待退款"
    PROCESSING = "processing", "退款中"
    SUCCEEDED = "succeeded", "已退款"
    FAILED = "failed", "退款失败"
    REJECTED = "rejected", "已拒绝"
    WITHDRAWN = "withdrawn", "已撤回"


# Approved again is what staff do with one that failed. One that WeChat calls abnormal
# is brought to its end at the merchant platform, and so succeeds later; any other can
# be paid in another way.
REFUND_TRANSITIONS: Mapping[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset(
        {RefundState.APPROVED, RefundState.REJECTED, RefundState.WITHDRAWN}
    ),
    RefundState.APPROVED: frozenset(
        {RefundState.PROCESSING, RefundState.SUCCEEDED, RefundState.FAILED}
    ),
    RefundState.PROCESSING: frozenset({RefundState.SUCCEEDED, RefundState.FAILED}),
    RefundState.FAILED: frozenset(
        {RefundState.APPROVED, RefundState.PROCESSING, RefundState.SUCCEEDED}
    ),
    RefundState.SUCCEEDED: frozenset(),
    RefundState.REJECTED: frozenset(),
    RefundState.WITHDRAWN: frozenset(),
}
# What no longer counts against what was paid.
DROPPED = (RefundState.REJECTED, RefundState.WITHDRAWN)
# Somebody, we or WeChat, has still to do something.
UNFINISHED = (
    RefundState.REQUESTED,
    RefundState.APPROVED,
    RefundState.PROCESSING,
    RefundState.FAILED,
)


# Staff have to do something.
WAITING = (RefundState.REQUESTED, RefundState.FAILED)


class RefundQuerySet(models.QuerySet["Refund"]):
    """Filters by the refund's own words."""

    def of(self, user_id: int) -> "RefundQuerySet":
        """Keep a shopper's own."""
        return self.filter(order__user_id=user_id)

    def counting(self) -> "RefundQuerySet":
        """Keep what counts against what was paid."""
        return self.exclude(state__in=DROPPED)

    def unfinished(self) -> "RefundQuerySet":
        """Keep what somebody has still to do something about."""
        return self.filter(state__in=UNFINISHED)

    def waiting(self) -> "RefundQuerySet":
        """Keep what staff have to do something about."""
        return self.filter(state__in=WAITING)

    def having_word(self, word: str) -> "RefundQuerySet":
        """Keep what staff look for, by how its number or its order's begins.

        What the word looks like decides, so that one index is enough. A number of
        WeChat's leads to its refund, whatever attempt it was.
        """
        number = word.upper()
        if number.startswith("R"):
            return self.filter(refund_no__startswith=refund_no_of(number))
        return self.filter(order__order_no__startswith=number)

    def for_display(self) -> "RefundQuerySet":
        """Bring along what the API shows of a refund."""
        items = RefundItem.objects.select_related("order_item")
        return self.select_related("order").prefetch_related(
            Prefetch("items", items), "events"
        )


class Refund(models.Model):
    """A refund of one payment, whole or in part."""

    refund_no = models.CharField(
        "退款单号", max_length=32, unique=True, db_collation="C"
    )
    # WeChat's name for the attempt. It stays the same until WeChat has closed it: so
    # an answer that was lost never becomes a second refund.
    out_refund_no = models.CharField(
        "商户退款单号", max_length=64, unique=True, db_collation="C"
    )
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="refunds", verbose_name="订单"
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="refunds", verbose_name="支付"
    )
    kind = models.CharField("类型", max_length=10, choices=RefundKind.choices)
    state = models.CharField("状态", max_length=10, choices=RefundState.choices)
    amount = models.DecimalField("退款金额", max_digits=12, decimal_places=2)
    reason = models.CharField("原因", max_length=200, default="", blank=True)
    # Storage names of the shopper's pictures.
    images = models.JSONField("图片", default=list, blank=True)
    # What staff told the shopper.
    answer = models.CharField("答复", max_length=200, default="", blank=True)
    # Whether pieces that had left are back on the shelf; those that had not always are.
    is_restocked = models.BooleanField("已发商品退回库存", default=False)
    # Why WeChat did not do it: a code of its refusal, CLOSED or ABNORMAL.
    wechat_error = models.CharField("微信原因", max_length=64, default="", blank=True)
    # The facts as WeChat stated them last.
    facts = models.JSONField("微信事实", null=True)
    # When it is sent or asked about next; null when there is nothing to do.
    due_at = models.DateTimeField(null=True, editable=False)
    # WeChat has taken it: pieces and sales have followed.
    accepted_at = models.DateTimeField("微信受理时间", null=True)
    succeeded_at = models.DateTimeField("到账时间", null=True)
    created_at = models.DateTimeField("申请时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = "退款"
        verbose_name_plural = "退款"
        permissions = (
            ("answer_refund", "可以同意或拒绝退款"),
            ("retry_refund", "可以重试失败的退款"),
            ("export_refund", "可以导出退款"),
        )
        constraints = (
            models.CheckConstraint(
                name="refund_state_known", condition=Q(state__in=RefundState.values)
            ),
            models.CheckConstraint(
                name="refund_amount_min", condition=Q(amount__gte=Decimal("0.01"))
            ),
            models.CheckConstraint(
                name="refund_accepted_with_time",
                condition=~Q(state__in=[RefundState.PROCESSING, RefundState.SUCCEEDED])
                | Q(accepted_at__isnull=False),
            ),
            models.UniqueConstraint(
                "order",
                name="refund_one_requested",
                condition=Q(state=RefundState.REQUESTED),
            ),
        )
        indexes = (
            models.Index(
                "due_at", name="refund_due", condition=Q(due_at__isnull=False)
            ),
            models.Index(
                F("id").desc(),
                name="refund_unfinished",
                condition=Q(state__in=UNFINISHED),
            ),
            # A day's refunds, for its bill and its figures.
            models.Index(
                "accepted_at",
                name="refund_accepted_at",
                condition=Q(accepted_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.refund_no

    @property
    def attempt(self) -> int:
        """Count the numbers under which WeChat was asked."""
        return int(self.out_refund_no.rpartition("T")[2])

    @property
    def is_requested(self) -> bool:
        """Tell whether staff have yet to answer it."""
        return self.state == RefundState.REQUESTED

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do now."""
        if self.state == RefundState.REQUESTED:
            return ["approve", "reject"]
        if self.state == RefundState.FAILED:
            return ["retry", "query", "by_hand"]
        is_under_way = self.state in (RefundState.APPROVED, RefundState.PROCESSING)
        return ["query"] if is_under_way else []

    @property
    def has_shipped_pieces(self) -> bool:
        """Tell whether some of its pieces had left."""
        return self.items.filter(quantity__gt=F("unshipped_quantity")).exists()

    @property
    def is_accepted(self) -> bool:
        """Tell whether WeChat has taken it."""
        return self.accepted_at is not None

    @property
    def refunded_amount(self) -> Decimal:
        """Return what it gives back of the order's price, once WeChat has taken it.

        Money that paid for nothing was no part of the price.
        """
        is_taken = self.state in (RefundState.PROCESSING, RefundState.SUCCEEDED)
        is_of_price = self.kind != RefundKind.AUTOMATIC
        return self.amount if is_taken and is_of_price else Decimal("0.00")


class RefundItem(models.Model):
    """Pieces of an order's line that a refund is for, and what they cost."""

    # The unique constraint begins with it.
    refund = models.ForeignKey(
        Refund, models.PROTECT, related_name="items", db_index=False
    )
    order_item = models.ForeignKey(
        OrderItem, models.PROTECT, related_name="refund_items"
    )
    quantity = models.PositiveIntegerField("数量")
    # How many of them had not left when the refund was asked for: nobody ships them.
    unshipped_quantity = models.PositiveIntegerField("未发数量")
    amount = models.DecimalField("金额", max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = "退款商品"
        verbose_name_plural = "退款商品"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                "refund", "order_item", name="refunditem_line_once"
            ),
            models.CheckConstraint(
                name="refunditem_quantity_range",
                condition=Q(quantity__gte=1, unshipped_quantity__lte=F("quantity")),
            ),
            models.CheckConstraint(
                name="refunditem_amount_min", condition=Q(amount__gte=0)
            ),
        )

    def __str__(self) -> str:
        return f"{self.order_item} → {self.quantity}"


class RefundEvent(models.Model):
    """A transition of a refund: from, to, who, why, when. Append-only."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="events")
    # Empty at the first event.
    from_state = models.CharField("原状态", max_length=10, default="", blank=True)
    to_state = models.CharField("新状态", max_length=10)
    # Null when nobody did it but the clock or WeChat.
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    reason = models.CharField("说明", max_length=200, default="", blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = "退款事件"
        verbose_name_plural = "退款事件"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"
