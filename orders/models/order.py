"""An order, and what may be done with it."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from orders.models.coupon_claim import CouponClaim
from orders.models.order_states import TRANSITIONS, OrderStatus


class OrderQuerySet(models.QuerySet["Order"]):
    """Filters by the order's own words."""

    def of(self, user_id: int) -> "OrderQuerySet":
        """Keep what a shopper may see: their own, not hidden."""
        return self.filter(user_id=user_id, hidden_at=None)

    def due(self, now: datetime) -> "OrderQuerySet":
        """Keep what the expiry sweep must look at."""
        return self.filter(status=OrderStatus.PENDING, due_at__lte=now)

    def for_display(self) -> "OrderQuerySet":
        """Bring along what the API shows of an order."""
        orders = self.select_related("replaced_by")
        return orders.prefetch_related("items", "shipments__items", "refunds")

    def to_ship(self) -> "OrderQuerySet":
        """Keep what is paid, has not left in full and is not given back."""
        return self.filter(status=OrderStatus.PAID, closing_at=None)

    def reminded(self) -> "OrderQuerySet":
        """Keep what a shopper waits for, and has said so."""
        return self.to_ship().filter(reminded_at__isnull=False)


class Order(models.Model):
    """A deal with one shopper; names, prices and address are as they were then."""

    # Compared byte by byte; the collation spares an index for LIKE.
    order_no = models.CharField("订单号", max_length=24, unique=True, db_collation="C")
    # The indexes below begin with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="orders",
        db_index=False,
    )
    status = models.CharField(
        "状态",
        max_length=10,
        choices=OrderStatus.choices,
        default=OrderStatus.PENDING,
    )
    goods_amount = models.DecimalField("商品金额", max_digits=12, decimal_places=2)
    freight_amount = models.DecimalField(
        "运费", max_digits=12, decimal_places=2, default=Decimal("0.00")
    )
    discount_amount = models.DecimalField(
        "优惠", max_digits=12, decimal_places=2, default=Decimal("0.00")
    )
    total_amount = models.DecimalField("应付金额", max_digits=12, decimal_places=2)

    name = models.CharField("收货人", max_length=50)
    phone = models.CharField("手机号", max_length=20)
    province = models.CharField("省份", max_length=50)
    city = models.CharField("城市", max_length=50)
    district = models.CharField("区县", max_length=50)
    detail = models.CharField("详细地址", max_length=200)
    remark = models.CharField("买家留言", max_length=200, default="", blank=True)

    # The shopper's key for this request, and a hash of what the request asked for.
    idempotency_key = models.CharField(max_length=255, null=True, editable=False)
    request_hash = models.CharField(max_length=64, default="", editable=False)

    expires_at = models.DateTimeField("付款截止")
    # Set while the order is being cancelled and WeChat has not yet said that no
    # payment can come, or that it gives the money back: nothing may be done with it,
    # and its stock is not free.
    closing_at = models.DateTimeField("开始关闭", null=True, editable=False)
    closing_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    close_reason = models.CharField("关闭原因", max_length=200, default="", blank=True)
    # When the sweep must look next: the expiry, later the retries of the closing.
    due_at = models.DateTimeField(editable=False)
    paid_at = models.DateTimeField("付款时间", null=True)
    shipped_at = models.DateTimeField("发货时间", null=True)
    completed_at = models.DateTimeField("完成时间", null=True)
    cancelled_at = models.DateTimeField("取消时间", null=True)
    # When the shopper has last asked for it to be sent.
    reminded_at = models.DateTimeField("催发货时间", null=True, editable=False)
    # Money came when this one was cancelled already, and the goods were still there.
    replaced_by = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    # What made it cheaper. It stays when the coupon is given back: whether the claim is
    # this order's now, its own `order` says.
    coupon_claim = models.ForeignKey(
        CouponClaim,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    # The shopper put the ended order out of sight.
    hidden_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField("下单时间")
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = "订单"
        verbose_name_plural = "订单"
        permissions = (
            ("ship_order", "可以发货"),
            ("cancel_order", "可以取消未付款订单"),
            ("reprice_order", "可以改价"),
            ("refund_order", "可以退款"),
            ("export_order", "可以导出订单"),
            ("readdress_order", "可以改收货地址"),
            ("note_order", "可以写备注"),
        )
        constraints = (
            models.UniqueConstraint(
                "user", "idempotency_key", name="order_idempotency_key_once"
            ),
            models.CheckConstraint(
                name="order_status_known", condition=Q(status__in=OrderStatus.values)
            ),
            models.CheckConstraint(
                name="order_amounts_min",
                condition=Q(
                    goods_amount__gte=0,
                    freight_amount__gte=0,
                    discount_amount__gte=0,
                    total_amount__gte=Decimal("0.01"),
                ),
            ),
            models.CheckConstraint(
                name="order_total_adds_up",
                condition=Q(
                    total_amount=F("goods_amount")
                    + F("freight_amount")
                    - F("discount_amount")
                ),
            ),
            models.CheckConstraint(
                name="order_closing_before_shipped",
                condition=Q(closing_at__isnull=True)
                | Q(status__in=[OrderStatus.PENDING, OrderStatus.PAID]),
            ),
        )
        indexes = (
            models.Index(
                "user", F("id").desc(), name="order_own", condition=Q(hidden_at=None)
            ),
            models.Index(
                "user",
                "status",
                F("id").desc(),
                name="order_own_by_status",
                condition=Q(hidden_at=None),
            ),
            models.Index(
                "due_at", name="order_due", condition=Q(status=OrderStatus.PENDING)
            ),
            models.Index(
                "shipped_at",
                name="order_unconfirmed",
                condition=Q(status=OrderStatus.SHIPPED),
            ),
            models.Index(
                F("id").desc(),
                name="order_to_ship",
                condition=Q(status=OrderStatus.PAID),
            ),
            models.Index(
                F("id").desc(),
                name="order_reminded",
                condition=Q(status=OrderStatus.PAID, reminded_at__isnull=False),
            ),
            models.Index("created_at", name="order_created"),
            # For beginnings. One index of both would be four times as large, and
            # dearer when an order is placed.
            models.Index(
                fields=["phone"], name="order_phone", opclasses=["varchar_pattern_ops"]
            ),
            models.Index(
                fields=["name"], name="order_name", opclasses=["varchar_pattern_ops"]
            ),
        )

    def __str__(self) -> str:
        return self.order_no

    @property
    def is_closing(self) -> bool:
        """Tell whether a cancel waits for WeChat."""
        return self.closing_at is not None

    @property
    def is_ended(self) -> bool:
        """Tell whether nothing can happen to the order any more."""
        return not TRANSITIONS[OrderStatus(self.status)]

    @property
    def refunded_amount(self) -> Decimal:
        """Add up what has gone back of what the order cost."""
        return sum(
            (refund.refunded_amount for refund in self.refunds.all()), Decimal("0.00")
        )

    @property
    def actions(self) -> list[str]:
        """Name what the owner may do now."""
        if self.is_closing:
            return []
        if self.status == OrderStatus.PENDING:
            is_expired = self.expires_at <= timezone.now()
            return ["cancel"] if is_expired else ["pay", "cancel"]
        refund = ["refund"] if self._is_refundable else []
        if self.status == OrderStatus.PAID:
            return refund if self.shipments.all() else ["cancel", *refund]
        if self.status == OrderStatus.SHIPPED:
            return ["confirm", *refund]
        review = ["review"] if self._is_reviewable else []
        return [*refund, *review, "delete"]

    @property
    def _is_refundable(self) -> bool:
        """Tell whether the shopper may still ask for money of it."""
        if self.status == OrderStatus.CANCELLED:
            return False
        days = timedelta(days=settings.ORDER_REFUND_DAYS)
        if self.completed_at and self.completed_at + days < timezone.now():
            return False
        is_asked = any(refund.is_asked for refund in self.refunds.all())
        return self.has_pieces_to_refund and not is_asked

    @property
    def _is_reviewable(self) -> bool:
        """Tell whether the shopper may still review a line of it."""
        if self.status != OrderStatus.COMPLETED or self.is_review_late:
            return False
        return any(item.is_reviewable for item in self.items.all())

    @property
    def is_review_late(self) -> bool:
        """Tell whether the time for reviews of a completed order has passed."""
        days = timedelta(days=settings.ORDER_REVIEW_DAYS)
        return self.completed_at is None or self.completed_at + days < timezone.now()

    @property
    def has_pieces_to_refund(self) -> bool:
        """Tell whether some pieces are in no refund, and some of the money."""
        gone = sum(refund.gone_amount for refund in self.refunds.all())
        has_pieces = any(one.refund_quantity < one.quantity for one in self.items.all())
        return has_pieces and gone < self.total_amount

    @property
    def staff_actions(self) -> list[str]:
        """Name what staff may do now, the next thing to do first."""
        if self.is_closing:
            return ["note"]
        if self.status == OrderStatus.PENDING:
            return ["reprice", "readdress", "cancel", "note"]
        actions = ["note"]
        if self.status == OrderStatus.PAID:
            actions = ["ship", *actions]
        has_parcels = self.shipments.exists()
        if not self.is_ended and has_parcels:
            actions.append("correct")
        if self.status == OrderStatus.PAID and not has_parcels:
            actions.append("readdress")
        is_paid = self.paid_at is not None and self.status != OrderStatus.CANCELLED
        if is_paid and self.has_pieces_to_refund:
            actions.append("refund")
        return actions
