"""Money on its way back: how much, for which pieces, and what WeChat said of it."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q

from orders.carriers import CARRIERS
from orders.models.order import Order
from orders.models.payment import Payment
from orders.models.refund_lines import ZERO, RefundEvent, RefundItem
from orders.models.refund_states import (
    ASKED,
    BY_STAFF,
    DROPPED,
    UNDECIDED,
    UNFINISHED,
    WAITING,
    RefundKind,
    RefundState,
)
from orders.numbers import refund_no_of


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

    def agreed(self) -> "RefundQuerySet":
        """Keep what waits for a second person."""
        return self.filter(state__in=ASKED, agreed_at__isnull=False)

    def unreturned(self, now: datetime) -> "RefundQuerySet":
        """Keep the returns whose time to be sent has passed.

        Not what one person has granted: that waits for staff, not for goods.
        """
        late = self.filter(state=RefundState.TO_RETURN, return_before__lte=now)
        return late.filter(agreed_at=None)

    def granted_by_staff(self) -> "RefundQuerySet":
        """Keep what staff have granted, whatever became of it at WeChat."""
        return self.filter(kind__in=BY_STAFF).exclude(state__in=UNDECIDED)

    def shown(self) -> "RefundQuerySet":
        """Keep what a shopper sees: not what staff only consider by themselves."""
        return self.exclude(kind=RefundKind.STAFF, state__in=UNDECIDED)

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
    # What goes back; until staff have granted it, what would.
    amount = models.DecimalField("退款金额", max_digits=12, decimal_places=2)
    # What its shopper has asked for; null when nobody did, or before this was kept.
    requested_amount = models.DecimalField(
        "申请金额", max_digits=12, decimal_places=2, null=True
    )
    # What its pieces and the freight with them cost beyond that: it stays with the
    # shop, whatever goes back later.
    kept_amount = models.DecimalField(
        "少退金额", max_digits=12, decimal_places=2, default=ZERO, db_default=ZERO
    )
    reason = models.CharField("原因", max_length=200, default="", blank=True)
    # Storage names of the shopper's pictures.
    images = models.JSONField("图片", default=list, blank=True)
    # What staff told the shopper.
    answer = models.CharField("答复", max_length=200, default="", blank=True)
    # Whether pieces that had left are back on the shelf; those that had not always are.
    is_restocked = models.BooleanField("已发商品退回库存", default=False)
    # The goods go back before the money does: where to, until when, and with whom.
    is_return = models.BooleanField("退货", default=False, db_default=False)
    return_address = models.CharField(
        "退货地址", max_length=200, default="", db_default="", blank=True
    )
    return_before = models.DateTimeField("寄回期限", null=True)
    # A code of orders.carriers.
    return_carrier = models.CharField(
        "退货快递", max_length=50, default="", db_default="", blank=True
    )
    return_tracking_no = models.CharField(
        "退货单号", max_length=64, default="", db_default="", blank=True
    )
    returned_at = models.DateTimeField("寄回时间", null=True)
    # Who of two has agreed first, and when; the second grants exactly that.
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="第一审批人",
        db_index=False,
    )
    agreed_at = models.DateTimeField("第一次审批时间", null=True)
    # When staff have granted it; null for what needs no grant.
    granted_at = models.DateTimeField("批准时间", null=True)
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
            models.CheckConstraint(
                name="refund_kept_min", condition=Q(kept_amount__gte=0)
            ),
            models.CheckConstraint(
                name="refund_agreed_with_time",
                condition=Q(agreed_by__isnull=True, agreed_at__isnull=True)
                | Q(agreed_by__isnull=False, agreed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="refund_return_with_time",
                condition=~Q(state__in=[RefundState.TO_RETURN, RefundState.RETURNING])
                | Q(is_return=True, return_before__isnull=False),
            ),
            models.UniqueConstraint(
                "order", name="refund_one_asked", condition=Q(state__in=ASKED)
            ),
        )
        indexes = (
            models.Index(
                "due_at", name="refund_due", condition=Q(due_at__isnull=False)
            ),
            models.Index(
                F("id").desc(),
                name="refund_open",
                condition=Q(state__in=UNFINISHED),
            ),
            models.Index(
                "return_before",
                name="refund_to_return",
                condition=Q(state=RefundState.TO_RETURN),
            ),
            # A day's refunds, for its bill and its figures.
            models.Index(
                "accepted_at",
                name="refund_accepted_at",
                condition=Q(accepted_at__isnull=False),
            ),
            # What staff have granted in a day, for the day's cap.
            models.Index(
                "granted_at",
                name="refund_granted",
                include=["amount"],
                condition=Q(granted_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.refund_no

    @property
    def attempt(self) -> int:
        """Count the numbers under which WeChat was asked."""
        return int(self.out_refund_no.rpartition("T")[2])

    @property
    def is_asked(self) -> bool:
        """Tell whether staff have yet to grant it, or to refuse."""
        return self.state in ASKED

    @property
    def is_agreed(self) -> bool:
        """Tell whether one of two has agreed, and the other not yet."""
        return self.is_asked and self.agreed_at is not None

    @property
    def is_undecided(self) -> bool:
        """Tell whether staff have not granted it, or never will."""
        return self.state in UNDECIDED

    @property
    def asked_amount(self) -> Decimal:
        """Return what its shopper has asked for, or else what goes back."""
        asked = self.requested_amount
        return self.amount if asked is None else asked

    @property
    def told_amount(self) -> Decimal:
        """Return what its shopper is told: one person's word is no grant yet."""
        return self.asked_amount if self.is_undecided else self.amount

    @property
    def told_answer(self) -> str:
        """Return what its shopper is told by staff."""
        # What one of two has written goes with what the shopper takes back.
        is_untold = self.is_agreed or self.state == RefundState.WITHDRAWN
        return "" if is_untold else self.answer

    @property
    def steps(self) -> list[RefundEvent]:
        """Return the events that its shopper sees.

        What staff began is new to the shopper when it is granted.
        """
        is_own = self.kind == RefundKind.STAFF
        return [
            event
            for event in self.events.all()
            if not event.deed
            and not (is_own and event.to_state == RefundState.REQUESTED)
        ]

    @property
    def grant_permission(self) -> str:
        """Name the permission of whoever grants it."""
        is_own = self.kind == RefundKind.STAFF
        return "orders.refund_order" if is_own else "orders.answer_refund"

    @property
    def return_parcel(self) -> str:
        """Return carrier and number of the goods on their way back, as people read."""
        carrier = CARRIERS.get(self.return_carrier, self.return_carrier)
        return f"{carrier} {self.return_tracking_no}".strip()

    @property
    def actions(self) -> list[str]:
        """Name what its shopper may do now."""
        if self.state == RefundState.TO_RETURN:
            return ["return", "withdraw"]
        if self.state == RefundState.RETURNING:
            return ["return"]
        return ["withdraw"] if self.state == RefundState.REQUESTED else []

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do now."""
        if self.is_agreed:
            is_asked = self.kind == RefundKind.AFTER_SALE
            return ["confirm", "reject", *(["send_back"] if is_asked else [])]
        if self.state == RefundState.REQUESTED:
            return [*(["agree_return"] if self.is_return else []), "approve", "reject"]
        if self.is_asked:
            return ["receive", "reject"]
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
    def gone_amount(self) -> Decimal:
        """Return what of the order's price it gives back, or would, and keeps."""
        is_counted = self.state not in DROPPED and self.kind != RefundKind.AUTOMATIC
        return self.amount + self.kept_amount if is_counted else ZERO

    @property
    def refunded_amount(self) -> Decimal:
        """Return what it gives back of the order's price, once WeChat has taken it.

        Money that paid for nothing was no part of the price.
        """
        is_taken = self.state in (RefundState.PROCESSING, RefundState.SUCCEEDED)
        is_of_price = self.kind != RefundKind.AUTOMATIC
        return self.amount if is_taken and is_of_price else Decimal("0.00")
