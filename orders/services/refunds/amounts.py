"""What pieces of an order are worth when they go back: the parts make the whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_UP, Decimal
from itertools import accumulate, pairwise

from django.db.models import F, Q, Sum

from orders.models import Order, OrderItem, Payment, RefundItem
from orders.models.refund_lines import ZERO
from orders.models.refund_states import DROPPED
from orders.services.fulfilment import lines_left
from shop.errors import Invalid

_FEN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Portion:
    """Pieces of a line that go back; `unshipped` of them had not left.

    `kept` of what they cost stays with the shop. Without a piece it is money alone:
    the goods stay with the shopper.
    """

    item: OrderItem
    quantity: int
    unshipped: int
    amount: Decimal
    kept: Decimal = ZERO

    @property
    def least(self) -> Decimal:
        """Return what goes back at the least: all that unshipped pieces cost."""
        if not self.unshipped:
            return ZERO
        least = self.amount * self.unshipped / self.quantity
        return least.quantize(_FEN, ROUND_UP)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What staff give: by the id of the order's line, and of the freight.

    What is not named is given whole.
    """

    lines: Mapping[int, Decimal] = field(default_factory=dict)
    freight: Decimal | None = None


def lines_paid(order: Order, items: Iterable[OrderItem]) -> dict[int, int]:
    """Return what was paid for each line, in fen by the line's id.

    Each line bears the share that it was placed with. Where staff have given more, the
    rest is shared by what the lines still cost, and what the goods can't bear is taken
    off the freight; where they have given less, by those shares.
    """
    lines = sorted(items, key=lambda item: item.pk)
    costs = [_fen(item.price) * item.quantity for item in lines]
    own = [_fen(item.discount_amount) for item in lines]
    discount = min(_fen(order.discount_amount), sum(costs))
    paid = _reduced(costs, _shares(min(discount, sum(own)), own))
    paid = _reduced(paid, _shares(discount - (sum(costs) - sum(paid)), paid))
    return {item.pk: amount for item, amount in zip(lines, paid, strict=True)}


def _reduced(amounts: Sequence[int], shares: Sequence[int]) -> list[int]:
    return [amount - share for amount, share in zip(amounts, shares, strict=True)]


def _shares(amount: int, weights: Sequence[int]) -> list[int]:
    """Share an amount, no more than the weights together, to the fen.

    The shares of the first are rounded down together, so all of them add up; none is
    more than its weight.
    """
    total = sum(weights) or 1
    ends = [amount * so_far // total for so_far in accumulate(weights, initial=0)]
    return [end - start for start, end in pairwise(ends)]


def portions(
    order: Order,
    quantities: Mapping[OrderItem, int],
    unshipped: Mapping[OrderItem, int],
) -> list[Portion]:
    """Price pieces of a locked order's lines, `quantities` by line.

    What the refunds of a line make together depends on the pieces alone, not on how
    they were asked for. Money that was given without pieces makes the rest of them
    cheaper; what was kept of others is not given later. A line of no pieces is priced
    as all that are left of it.
    """
    paid = lines_paid(order, unshipped)
    taken, alone = _taken(order)
    found = []
    for item, quantity in quantities.items():
        so_far = item.refund_quantity + quantity if quantity else item.quantity
        cost = paid[item.pk] - alone.get(item.pk, 0)
        amount = max(0, cost * so_far // item.quantity - taken.get(item.pk, 0))
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


def freight_of(
    parts: Iterable[Portion], items: Iterable[OrderItem], payment: Payment
) -> Decimal:
    """Return what goes back beside these pieces; with the last ones, all that is left.

    So the freight goes back with the last pieces.
    """
    parts = list(parts)
    quantities = {part.item.pk: part.quantity for part in parts}
    is_last = all(
        item.refund_quantity + quantities.get(item.pk, 0) == item.quantity
        for item in items
    )
    if not is_last:
        return ZERO
    return payment_left(payment) - sum((part.amount for part in parts), ZERO)


def payment_left(payment: Payment) -> Decimal:
    """Return what of a payment neither goes back nor is kept."""
    return payment.amount - payment.refund_amount - kept_of(payment)


def kept_of(payment: Payment) -> Decimal:
    """Return what the shop has kept of pieces that went back."""
    kept = payment.refunds.counting().aggregate(sum=Sum("kept_amount"))["sum"]
    return kept or ZERO


def portions_cut(parts: Iterable[Portion], amounts: Amounts) -> list[Portion]:
    """Return the portions with what staff give for each; the rest is kept.

    Only of pieces that had left: what the shop still has is paid back whole.

    Raises: Invalid, for more than the pieces are worth, or less than they must bring.
    """
    return [_cut(part, amounts.lines.get(part.item.pk, part.amount)) for part in parts]


def _cut(part: Portion, given: Decimal) -> Portion:
    name = f"商品{part.item.name}"
    kept = part.amount - require_within(name, given, part.amount)
    if not part.quantity:
        return replace(part, amount=given)
    if given < part.least:
        told = f"{name}有{part.unshipped}件未发货,最少退¥{part.least}"
        raise Invalid.field("amount", told)
    return replace(part, amount=given, kept=kept)


def freight_cut(most: Decimal, given: Decimal | None, *, has_left: bool) -> Decimal:
    """Return what of the freight goes back: all of it while no parcel has left.

    Raises: Invalid.
    """
    if given is None:
        return most
    require_within("运费", given, most)
    if given < most and not has_left:
        raise Invalid.field("amount", f"还没有发出包裹,运费¥{most}须全额退还")
    return given


def require_within(name: str, given: Decimal, most: Decimal) -> Decimal:
    """Return what is given, if it can be.

    Raises: Invalid.
    """
    if not 0 <= given <= most:
        raise Invalid.field("amount", f"{name}最多可退¥{most}")
    return given


def require_some(amount: Decimal) -> None:
    """Raises: Invalid, for WeChat gives no less than a fen back."""
    if amount < _FEN:
        raise Invalid.field("amount", "退款金额不能少于0.01元")


def _taken(order: Order) -> tuple[dict[int, int], dict[int, int]]:
    """Return what the pieces that went back were worth, and what was given alone.

    In fen by the line's id.
    """
    rows = RefundItem.objects.filter(refund__order=order)
    sums = rows.exclude(refund__state__in=DROPPED).values("order_item").order_by()
    of_pieces = Sum(F("amount") + F("kept_amount"), filter=Q(quantity__gte=1))
    sums = sums.annotate(
        of_pieces=of_pieces, of_none=Sum("amount", filter=Q(quantity=0))
    )
    found = list(sums.values_list("order_item", "of_pieces", "of_none"))
    return (
        {pk: _fen(of_pieces) for pk, of_pieces, _ in found if of_pieces},
        {pk: _fen(of_none) for pk, _, of_none in found if of_none},
    )


def _fen(amount: Decimal) -> int:
    return int(amount.scaleb(2))
