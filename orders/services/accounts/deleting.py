"""Erase a shopper, and leave the books whole."""

from django.db import transaction
from django.db.models import F, Func, JSONField, Value

from accounts.locks import user_lock_alone
from accounts.services import upload_names, user_erase
from catalog.pictures import pictures_in_use
from catalog.services.favorites import favorites_clear
from catalog.services.footprints import footprints_clear
from catalog.services.search_history import search_history_clear
from orders.errors import OrdersOpen
from orders.models import (
    CartItem,
    CouponClaim,
    Order,
    OrderAddressChange,
    OrderEvent,
    OrderItem,
    OrderNote,
    OrderStatus,
    Payment,
    PaymentNotice,
    Refund,
    RefundEvent,
)
from orders.models.refund import RefundQuerySet
from orders.services.facts import PERSONAL
from orders.services.reviews import reviews_forget

_UNFINISHED = (OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.SHIPPED)
_PERSONAL = (
    *("name", "phone", "province", "city", "district", "detail"),
    *("remark", "close_reason"),
)


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
    notices = PaymentNotice.objects.of(user_id)
    for rows in (payments, Refund.objects.of(user_id), notices):
        rows.filter(facts__has_any_keys=PERSONAL).update(facts=_without_payer())


def _without_payer() -> Func:
    keys = [Value(key) for key in PERSONAL]
    without = Func(F("facts"), *keys, arg_joiner=" - ", template="%(expressions)s")
    without.output_field = JSONField()
    return without
