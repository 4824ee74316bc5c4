"""What spans account and orders: deletion and export."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Func, JSONField, Value
from django.utils import timezone

from accounts.locks import user_lock_alone
from accounts.models import User
from accounts.services import upload_names, user_erase, user_export
from catalog.pictures import pictures_in_use
from orders.errors import OrdersOpen
from orders.models import Order, OrderEvent, OrderItem, OrderStatus, Payment
from orders.serializers import OrderSerializer

_UNFINISHED = (OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.SHIPPED)
_PERSONAL = (
    *("name", "phone", "province", "city", "district", "detail"),
    *("remark", "close_reason"),
)


@transaction.atomic(durable=True)
def account_delete(*, user_id: int) -> None:
    """Erase a shopper; the orders stay, without whom they were for.

    Locks: the user's row, exclusively: an order that is being placed at this moment is
    either seen here or finds the shopper gone.
    Raises: OrdersOpen.
    """
    user_lock_alone(user_id=user_id)
    orders = Order.objects.filter(user_id=user_id)
    if orders.filter(status__in=_UNFINISHED).exists():
        raise OrdersOpen
    # The key is the client's own text, and the hash can be guessed from an address.
    orders.update(**dict.fromkeys(_PERSONAL, ""), idempotency_key=None, request_hash="")
    OrderEvent.objects.filter(operator_id=user_id).update(reason="")
    _payers_forget(user_id)
    user_erase(user_id=user_id, kept_uploads=_pictures_of_goods(user_id))


def _pictures_of_goods(user_id: int) -> set[str]:
    """Return which of a person's uploads goods are shown with, now or on an order."""
    names = upload_names(user_id=user_id)
    ordered = OrderItem.objects.filter(image__in=names).values_list("image", flat=True)
    return pictures_in_use(names) | set(ordered) if names else set()


def _payers_forget(user_id: int) -> None:
    """Take the openid out of the payments' facts; what was paid stays provable."""
    without_payer = Func(
        F("facts"), Value("payer"), arg_joiner=" - ", template="%(expressions)s"
    )
    without_payer.output_field = JSONField()
    payments = Payment.objects.filter(order__user_id=user_id, facts__has_key="payer")
    payments.update(facts=without_payer)


def account_export(*, user: User) -> dict[str, Any]:
    """Return everything that is kept about a shopper, hidden orders included."""
    orders = Order.objects.filter(user=user).order_by("-pk").for_display()
    orders = orders.prefetch_related("payments", "price_changes", "events")
    return {
        **user_export(user=user),
        "orders": [_order_export(order) for order in orders],
    }


def _order_export(order: Order) -> dict[str, Any]:
    """Return an order with what the API leaves out: payments, prices, events."""
    return {
        **OrderSerializer(order).data,
        "idempotencyKey": order.idempotency_key,
        "payments": [
            {
                "outTradeNo": payment.out_trade_no,
                "transactionId": payment.transaction_id,
                "amount": str(payment.amount),
                "state": payment.state,
                "paidAt": _local(payment.paid_at),
                "facts": payment.facts,
            }
            for payment in order.payments.all()
        ],
        "priceChanges": [
            {
                "from": str(change.old_total_amount),
                "to": str(change.new_total_amount),
                "reason": change.reason,
                "createdAt": _local(change.created_at),
            }
            for change in order.price_changes.all()
        ],
        "events": [
            {
                "from": event.from_status,
                "to": event.to_status,
                "reason": event.reason,
                "createdAt": _local(event.created_at),
            }
            for event in order.events.all()
        ],
    }


def _local(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return timezone.localtime(moment).isoformat(timespec="seconds")
