"""Every row lock of the orders.

An order comes before its payments, they before its refunds, then reviews, products and
SKUs, then shoppers, coupons and what shoppers hold of them. Staff who act come before
the order; the day's grants come last of all. What placing an order locks, keys, SKUs,
shoppers and their coupons, stands in orders/sql. Who holds lines of a cart waits for
nothing more.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection
from django.db.models import Exists, OuterRef

from orders.errors import OrderNotFound
from orders.models import (
    BillCheck,
    CartItem,
    Coupon,
    CouponClaim,
    Order,
    Payment,
    PaymentNotice,
    Refund,
    Review,
    ShippingUpload,
)

# Tells these claims from others; any number would do.
_FIGURES_CLAIM = 20_260_102
# The first of two keys, for which PostgreSQL has a space of their own.
_DAY_GRANTS = 1


def order_lock(order_id: int) -> Order:
    """Lock an order until the transaction ends.

    Raises: Order.DoesNotExist.
    """
    rows = Order.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=order_id)


def orders_lock(order_ids: Iterable[int]) -> None:
    """Lock orders in primary-key order until the transaction ends."""
    rows = Order.objects.select_for_update(of=("self",), no_key=True)
    list(rows.filter(pk__in=set(order_ids)).order_by("pk").values_list("pk"))


def own_order_lock(order_no: str, user_id: int) -> Order:
    """Lock an order that its owner may see.

    Raises: OrderNotFound.
    """
    rows = Order.objects.of(user_id).select_for_update(of=("self",), no_key=True)
    order = rows.filter(order_no=order_no).first()
    if order is None:
        raise OrderNotFound
    return order


def cart_lock(user_id: int) -> list[CartItem]:
    """Lock the lines of a cart in primary-key order until the transaction ends.

    An order that is being placed may be taking lines out, in the same order.
    """
    rows = CartItem.objects.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(user_id=user_id).order_by("pk"))


def due_orders_lock(now: datetime, limit: int) -> list[Order]:
    """Lock the orders longest due, skipping what others hold.

    Each tells by `has_open_payment` whether WeChat must be asked before it ends.
    """
    payments = Payment.objects.open().filter(order=OuterRef("pk"))
    due = Order.objects.due(now).annotate(has_open_payment=Exists(payments))
    rows = due.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return list(rows.order_by("due_at")[:limit])


def open_payment_lock(order: Order) -> Payment | None:
    """Lock the open attempt of an order whose lock the caller holds."""
    rows = Payment.objects.open().select_for_update(of=("self",), no_key=True)
    return rows.filter(order=order).first()


def succeeded_payment_lock(order: Order) -> Payment:
    """Lock the payment of a paid order whose lock the caller holds."""
    rows = Payment.objects.succeeded().select_for_update(of=("self",), no_key=True)
    return rows.get(order=order)


def payment_lock(payment_id: int) -> Payment:
    """Lock an attempt of an order whose lock the caller holds."""
    rows = Payment.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=payment_id)


def refund_lock(refund_id: int) -> Refund:
    """Lock a refund of an order whose lock the caller holds."""
    rows = Refund.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=refund_id)


def order_and_refund_lock(refund_id: int) -> Refund:
    """Lock a refund's order, then the refund, which comes with it.

    Raises: Refund.DoesNotExist.
    """
    order_id = Refund.objects.values_list("order_id", flat=True).get(pk=refund_id)
    order = order_lock(order_id)
    refund = refund_lock(refund_id)
    refund.order = order
    return refund


def day_grants_lock() -> None:
    """Lock what staff grant in a day, until the transaction ends.

    Everybody who grants waits here, so it is taken last, right before the commit.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_DAY_GRANTS])


def due_refunds_lock(now: datetime, limit: int) -> list[Refund]:
    """Lock the refunds longest due, skipping what others hold."""
    rows = Refund.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return list(rows.filter(due_at__lte=now).order_by("due_at")[:limit])


def due_payments_lock(now: datetime, limit: int) -> list[Payment]:
    """Lock the open attempts longest due for a question, skipping what others hold.

    For a lease alone: whoever goes on to write takes the order's lock first, later.
    """
    rows = Payment.objects.to_query(now).order_by("next_query_at", "pk")
    locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return list(locked[:limit])


def due_notices_lock(now: datetime, limit: int) -> list[PaymentNotice]:
    """Lock the notices longest due, skipping what others hold."""
    rows = PaymentNotice.objects.due(now).order_by("due_at")
    locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return list(locked[:limit])


def coupon_lock(coupon_id: int) -> Coupon | None:
    """Lock a coupon against other claims and changes; None when there is none."""
    rows = Coupon.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(pk=coupon_id).first()


def coupon_claim_lock(claim_id: int) -> CouponClaim:
    """Lock what a shopper holds of a coupon; whoever uses it or gives it back does."""
    rows = CouponClaim.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=claim_id)


def shipping_upload_lock(order: Order) -> ShippingUpload:
    """Lock the upload of an order whose lock the caller holds."""
    rows = ShippingUpload.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(order=order)


def review_lock(review_id: int) -> Review:
    """Lock a review, which stands for its append too, until the transaction ends.

    Raises: Review.DoesNotExist.
    """
    rows = Review.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=review_id)


def own_reviews_lock(user_id: int) -> list[Review]:
    """Lock all reviews of a shopper in primary-key order."""
    rows = Review.objects.select_for_update(of=("self",), no_key=True)
    own = rows.filter(order_item__order__user_id=user_id)
    return list(own.order_by("pk"))


def bill_check_lock(day: date) -> BillCheck:
    """Lock the check of a day, under which its differences are written."""
    rows = BillCheck.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(day=day)


def daily_figures_claim(day: date) -> None:
    """Wait until nobody else adds up a day; the claim ends with the transaction.

    Who comes second must read after the first has written, or older sums would win.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [_FIGURES_CLAIM, day.toordinal()]
        )
