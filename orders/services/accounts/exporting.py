"""Hand a shopper what is kept about them."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.services import user_export
from catalog.models import Favorite, Footprint
from catalog.services.favorites import favorite_list
from catalog.services.footprints import footprint_list
from catalog.services.search_history import search_history_list
from orders.models import (
    CouponClaim,
    FlashSaleTaking,
    Order,
    OrderAddressChange,
    OrderEvent,
    OrderPriceChange,
    Payment,
    PaymentNotice,
    Refund,
    Review,
    ReviewEvent,
    SubscribeMessage,
)
from orders.serializers import (
    OwnCouponSerializer,
    RefundSerializer,
    ReviewSerializer,
    order_shown,
)
from orders.services.cart import CartLine, cart_read

# What the API leaves out of an order, and its owner gets all the same.
_EXPORTED = ("payments", "price_changes", "address_changes", "events", "messages")


def account_export(*, user: User) -> dict[str, Any]:
    """Return everything that is kept about a shopper, hidden orders included."""
    orders = Order.objects.filter(user=user).order_by("-pk").for_display()
    orders = orders.prefetch_related(*_EXPORTED)
    refunds = Refund.objects.of(user.pk).order_by("-pk").for_display()
    takings = FlashSaleTaking.objects.filter(user=user).order_by("-pk")
    reviews = Review.objects.filter(order_item__order__user=user).order_by("-pk")
    reviews = reviews.select_related("order_item__order", "append")
    reviews = reviews.prefetch_related("events")
    notices = PaymentNotice.objects.of(user.pk).order_by("-pk")
    return {
        **user_export(user=user),
        "cart": [_cart_line_export(line) for line in cart_read(user_id=user.pk).lines],
        "favorites": [
            _product_export(row, "createdAt", row.created_at)
            for row in favorite_list(user_id=user.pk)
        ],
        "footprints": [
            _product_export(row, "seenAt", row.seen_at)
            for row in footprint_list(user_id=user.pk)
        ],
        "orders": [_order_export(order) for order in orders],
        "refunds": [_refund_export(refund) for refund in refunds],
        "coupons": _coupons_export(user),
        "flashSales": [
            _taking_export(taking)
            for taking in takings.select_related("flash_sale_sku__sale")
        ],
        "reviews": [_review_export(review) for review in reviews],
        "paymentNotices": [_notice_export(notice) for notice in notices],
        "searchHistory": [
            {"keyword": word.keyword, "searchedAt": _local(word.searched_at)}
            for word in search_history_list(user_id=user.pk)
        ],
    }


def _coupons_export(user: User) -> Any:
    claims = CouponClaim.objects.filter(user=user).order_by("-pk")
    context = {"now": timezone.now()}
    rows = claims.select_related("coupon", "order")
    shown = OwnCouponSerializer(rows, many=True, context=context).data
    keys = [{"idempotencyKey": claim.idempotency_key} for claim in rows]
    return [one | key for one, key in zip(shown, keys, strict=True)]


def _cart_line_export(line: CartLine) -> dict[str, Any]:
    return {
        "skuId": line.sku.pk,
        "name": line.sku.product.name,
        "specs": line.sku.ordered_specs(),
        "quantity": line.item.quantity,
        "selected": line.item.is_selected,
        "priceAdded": str(line.item.price_added),
        "idempotencyKey": line.item.idempotency_key,
        "createdAt": _local(line.item.created_at),
        "updatedAt": _local(line.item.updated_at),
    }


def _product_export(
    row: Favorite | Footprint, what: str, moment: datetime
) -> dict[str, Any]:
    return {
        "productId": row.product_id,
        "name": row.product.name,
        what: _local(moment),
    }


def _order_export(order: Order) -> dict[str, Any]:
    """Return an order with what the API leaves out: payments, messages and such."""
    return {
        **order_shown(order),
        "idempotencyKey": order.idempotency_key,
        "payments": [_payment_export(payment) for payment in order.payments.all()],
        "priceChanges": [
            _change_export(
                change, str(change.old_total_amount), str(change.new_total_amount)
            )
            for change in order.price_changes.all()
        ],
        "addressChanges": [
            _change_export(change, change.old, change.new)
            for change in order.address_changes.all()
        ],
        "events": [
            _change_export(event, event.from_status, event.to_status)
            for event in order.events.all()
        ],
        "messages": [_message_export(message) for message in order.messages.all()],
    }


def _payment_export(payment: Payment) -> dict[str, Any]:
    return {
        "outTradeNo": payment.out_trade_no,
        "transactionId": payment.transaction_id,
        "amount": str(payment.amount),
        "state": payment.state,
        "paidAt": _local(payment.paid_at),
        "facts": payment.facts,
    }


def _change_export(
    change: OrderPriceChange | OrderAddressChange | OrderEvent | ReviewEvent,
    old: Any,
    new: Any,
) -> dict[str, Any]:
    return {
        "from": old,
        "to": new,
        "reason": change.reason,
        "createdAt": _local(change.created_at),
    }


def _message_export(message: SubscribeMessage) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "state": message.state,
        "createdAt": _local(message.created_at),
        "sentAt": _local(message.sent_at),
    }


def _refund_export(refund: Refund) -> dict[str, Any]:
    """Return a refund, whose timeline are its events, with what WeChat said of it."""
    return {
        **RefundSerializer(refund).data,
        "outRefundNo": refund.out_refund_no,
        "facts": refund.facts,
    }


def _taking_export(taking: FlashSaleTaking) -> dict[str, Any]:
    return {
        "name": taking.flash_sale_sku.sale.name,
        "skuId": taking.flash_sale_sku.sku_id,
        "quantity": taking.quantity,
    }


def _notice_export(notice: PaymentNotice) -> dict[str, Any]:
    return {
        "eventType": notice.event_type,
        "number": notice.number,
        "receivedAt": _local(notice.received_at),
        "facts": notice.facts,
    }


def _review_export(review: Review) -> dict[str, Any]:
    """Return a review with the name under which it was written, and its events."""
    return {
        **ReviewSerializer(review).data,
        "nickname": review.nickname,
        "events": [
            _change_export(event, event.from_state, event.to_state)
            for event in review.events.all()
        ],
    }


def _local(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return timezone.localtime(moment).isoformat(timespec="seconds")
