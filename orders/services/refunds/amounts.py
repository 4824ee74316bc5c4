"""What pieces of an order are worth when they go back: the parts make the whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from orders.models import Order, OrderItem, Payment, RefundItem
from orders.models.refund import DROPPED
from orders.services.fulfilment import lines_left


@dataclass(frozen=True, slots=True)
class Portion:
    """Pieces of a line that go back; `unshipped` of them had not left."""

    item: OrderItem
    quantity: int
    unshipped: int
    amount: Decimal


def lines_paid(order: Order, items: Iterable[OrderItem]) -> dict[int, int]:
    """Return what was paid for each line, in fen by the line's id.

    The discount is shared by the lines' prices, to the fen: the shares of the first
    lines are rounded down together, so all of them add up to the discount. What the
    goods can't bear is taken off the freight.
    """
    goods = _fen(order.goods_amount)
    discount = min(_fen(order.discount_amount), goods)
    paid, before = {}, 0
    for item in sorted(items, key=lambda item: item.pk):
        price = _fen(item.price) * item.quantity
        share = discount * (before + price) // goods - discount * before // goods
        paid[item.pk] = price - share
        before += price
    return paid


def portions(
    order: Order,
    quantities: Mapping[OrderItem, int],
    unshipped: Mapping[OrderItem, int],
) -> list[Portion]:
    """Price pieces of a locked order's lines, `quantities` by line.

    What the refunds of a line make together depends on the pieces alone, not on how
    they were asked for.
    """
    paid = lines_paid(order, unshipped)
    taken = _taken(order)
    found = []
    for item, quantity in quantities.items():
        so_far = item.refund_quantity + quantity
        together = paid[item.pk] * so_far // item.quantity
        amount = max(0, together - taken.get(item.pk, 0))
        found.append(
            Portion(
                item=item,
                quantity=quantity,
                unshipped=min(quantity, unshipped[item]),
                amount=Decimal(amount).scaleb(-2),
            )
        )
    return found


def portions_left(order: Order) -> list[Portion]:
    """Price all pieces of an order's lines that are in no refund, a portion a line."""
    left = lines_left(order)
    free = {item: item.quantity - item.refund_quantity for item in left}
    return portions(order, {item: count for item, count in free.items() if count}, left)


def amount_of(
    parts: Iterable[Portion], items: Iterable[OrderItem], payment: Payment
) -> Decimal:
    """Return what goes back for these pieces; with the last ones, all that is left.

    So the freight goes back with the last pieces.
    """
    quantities = {part.item.pk: part.quantity for part in parts}
    is_last = all(
        item.refund_quantity + quantities.get(item.pk, 0) == item.quantity
        for item in items
    )
    if is_last:
        return payment.amount - payment.refund_amount
    return sum((part.amount for part in parts), Decimal("0.00"))


def _taken(order: Order) -> dict[int, int]:
    """Return what went back for each line so far, in fen by the line's id."""
    rows = RefundItem.objects.filter(refund__order=order)
    sums = rows.exclude(refund__state__in=DROPPED).values_list("order_item")
    return {pk: _fen(total) for pk, total in sums.annotate(Sum("amount")).order_by()}


def _fen(amount: Decimal) -> int:
    return int(amount.scaleb(2))
