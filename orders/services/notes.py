"""What staff note down of an order."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from orders.locks import order_lock
from orders.models import OrderNote

# The same words by the same person so soon are a button pressed twice.
_TWICE_WITHIN = timedelta(minutes=1)


@transaction.atomic
def order_note_add(*, order_id: int, text: str, operator_id: int) -> OrderNote:
    """Add a note, whatever the order's state; nothing is ever taken away.

    Locks: the order, so that of two that come at once the second sees the first.
    """
    order = order_lock(order_id)
    since = timezone.now() - _TWICE_WITHIN
    written = {"order": order, "text": text, "operator_id": operator_id}
    known = OrderNote.objects.filter(**written, created_at__gte=since).last()
    return known or OrderNote.objects.create(**written)
