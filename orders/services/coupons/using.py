"""What becomes of a used coupon when its order ends, or when that comes back.

An order begins to use one while it is placed: orders/sql.
"""

from django.db.models import Sum

from orders.locks import coupon_claim_lock
from orders.models import CouponClaim, Order, PaymentState, Refund, RefundItem


def coupon_give_back(order: Order) -> None:
    """Give a locked order's coupon back to the shopper, if it uses one.

    It is good for as long as it was before, so it may have expired meanwhile.

    Locks: the claim, after everything else.
    """
    if order.coupon_claim_id is not None:
        CouponClaim.objects.filter(order=order).update(order=None)


def coupon_give_back_if_refunded(refund: Refund) -> None:
    """Give the coupon of a locked order back when all of it goes back.

    As with pieces and sales, WeChat's word that it takes the refund counts. Not when a
    part of the money stays with the shop, or a piece with the shopper, be it one that
    cost nothing: that was bought with the coupon.

    Locks: as coupon_give_back.
    """
    order, payment = refund.order, refund.payment
    if order.coupon_claim_id is None or payment.state != PaymentState.SUCCEEDED:
        return
    taken = payment.refunds.filter(accepted_at__isnull=False)
    if taken.aggregate(sum=Sum("amount"))["sum"] != payment.amount:
        return
    pieces = RefundItem.objects.filter(refund__in=taken).aggregate(sum=Sum("quantity"))
    if pieces == order.items.aggregate(sum=Sum("quantity")):
        coupon_give_back(order)


def coupon_hold(order: Order) -> bool:
    """Keep what an order had used from others until the transaction ends; is it free?

    Whether it has expired since does not count: the order was placed in time.

    Locks: the claim, after everything else.
    """
    if order.coupon_claim_id is None:
        return True
    return coupon_claim_lock(order.coupon_claim_id).order_id is None


def coupon_use_again(order: Order) -> None:
    """Let an order that replaces another have its coupon, which the caller holds."""
    if order.coupon_claim_id is not None:
        CouponClaim.objects.filter(pk=order.coupon_claim_id).update(order=order)
