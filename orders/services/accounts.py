"""What spans account and orders: deletion and export."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Func, JSONField, Q, QuerySet, Value
from django.utils import timezone

from accounts.locks import user_lock_alone
from accounts.models import User
from accounts.services import upload_names, user_erase, user_export
from catalog.models import Favorite, Footprint
from catalog.pictures import pictures_in_use
from catalog.services.favorites import favorite_list, favorites_clear
from catalog.services.footprints import footprint_list, footprints_clear
from catalog.services.search_history import search_history_clear, search_history_list
from orders.errors import OrdersOpen
from orders.models import (
    CartItem,
    CouponClaim,
    FlashSaleTaking,
    Order,
    OrderAddressChange,
    OrderEvent,
    OrderItem,
    OrderNote,
    OrderPriceChange,
    OrderStatus,
    Payment,
    PaymentNotice,
    Refund,
    RefundEvent,
    Review,
    ReviewEvent,
    SubscribeMessage,
)
from orders.models.refund import RefundQuerySet
from orders.serializers import (
    OwnCouponSerializer,
    RefundSerializer,
    ReviewSerializer,
    order_shown,
)
from orders.services.cart import CartLine, cart_read
from orders.services.facts import PERSONAL
from orders.services.reviews import reviews_forget

_UNFINISHED = (OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.SHIPPED)
_PERSONAL = (
    *("name", "phone", "province", "city", "district", "detail"),
    *("remark", "close_reason"),
)
# What the API leaves out of an order, and its owner gets all the same.
_EXPORTED = ("payments", "price_changes", "address_changes", "events", "messages")


@transaction.atomic(durable=True)
def account_delete(*, user_id: int) -> None:
    """Erase a shopper; the orders and coupons stay, without whom they were for.

    Locks: the user's row, exclusively: an order that is being placed, or a refund that
    is being asked for, at this moment is either seen here or finds the shopper gone.
    Raises: OrdersOpen, also while money is on its way back.
    """
    user_lock_alone(user_id=user_id)
    orders = Order.objects.filter(user_id=user_id)
    refunds = Refund.objects.of(user_id)
    if orders.filter(status__in=_UNFINISHED).exists() or refunds.unfinished().exists():
        raise OrdersOpen
    # The key is the client's own text, and the hash can be guessed from an address.
    orders.update(**dict.fromkeys(_PERSONAL, ""), idempotency_key=None, request_hash="")
    CouponClaim.objects.filter(user_id=user_id).update(idempotency_key=None)
    # By the orders, which an index finds.
    events = OrderEvent.objects.filter(order__user_id=user_id, operator_id=user_id)
    events.update(reason="")
    OrderAddressChange.objects.filter(order__user_id=user_id).update(old={}, new={})
    OrderNote.objects.filter(order__user_id=user_id).update(text="")
    _refunds_forget(refunds)
    reviews_forget(user_id)
    _payers_forget(user_id)
    search_history_clear(user_id=user_id)
    CartItem.objects.filter(user_id=user_id).delete()
    favorites_clear(user_id=user_id)
    footprints_clear(user_id=user_id)
    user_erase(user_id=user_id, kept_uploads=_pictures_of_goods(user_id))


def _pictures_of_goods(user_id: int) -> set[str]:
    """Return which of a person's uploads goods are shown with, now or on an order."""
    names = upload_names(user_id=user_id)
    ordered = OrderItem.objects.filter(image__in=names).values_list("image", flat=True)
    return pictures_in_use(names) | set(ordered) if names else set()


def _refunds_forget(refunds: RefundQuerySet) -> None:
    """Take out of ended refunds what people wrote.

    Their pictures go with the shopper's other uploads.
    """
    events = RefundEvent.objects.filter(refund__in=refunds, operator__isnull=False)
    events.update(reason="")
    refunds.update(reason="", answer="", images=[])


def _payers_forget(user_id: int) -> None:
    """Take the person out of WeChat's facts; what was paid stays provable."""
    payments = Payment.objects.filter(order__user_id=user_id)
    for rows in (payments, Refund.objects.of(user_id), _notices_of(user_id)):
        rows.filter(facts__has_any_keys=PERSONAL).update(facts=_without_payer())


def _without_payer() -> Func:
    keys = [Value(key) for key in PERSONAL]
    without = Func(F("facts"), *keys, arg_joiner=" - ", template="%(expressions)s")
    without.output_field = JSONField()
    return without


def _notices_of(user_id: int) -> QuerySet[PaymentNotice]:
    """Return what WeChat told of a person's payments and refunds.

    What it told of a number that is none of ours names the person alone.
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
    return PaymentNotice.objects.filter(is_theirs)


def account_export(*, user: User) -> dict[str, Any]:
    """Return everything that is kept about a shopper, hidden orders included."""
    orders = Order.objects.filter(user=user).order_by("-pk").for_display()
    orders = orders.prefetch_related(*_EXPORTED)
    refunds = Refund.objects.of(user.pk).order_by("-pk").for_display()
    reviews = Review.objects.filter(order_item__order__user=user).order_by("-pk")
    reviews = reviews.select_related("order_item__order", "append")
    reviews = reviews.prefetch_related("events")
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
            {
                "name": taking.flash_sale_sku.sale.name,
                "skuId": taking.flash_sale_sku.sku_id,
                "quantity": taking.quantity,
            }
            for taking in FlashSaleTaking.objects.filter(user=user)
            .select_related("flash_sale_sku__sale")
            .order_by("-pk")
        ],
        "reviews": [_review_export(review) for review in reviews],
        "paymentNotices": [
            {
                "eventType": notice.event_type,
                "number": notice.number,
                "receivedAt": _local(notice.received_at),
                "facts": notice.facts,
            }
            for notice in _notices_of(user.pk).order_by("-pk")
        ],
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
