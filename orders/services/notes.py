"""What staff note down of an order."""

from orders.models import OrderNote


def order_note_add(*, order_id: int, text: str, operator_id: int) -> OrderNote:
    """Add a note, whatever the order's state; nothing is ever taken away."""
    return OrderNote.objects.create(
        order_id=order_id, text=text, operator_id=operator_id
    )
