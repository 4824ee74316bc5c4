"""A cart as it is now: what its lines cost, and which of them can be bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import Count, Sum

from catalog.models import ProductStatus, Sku
from catalog.offers import skus_offered
from orders.models import CartItem
from shop.errors import NotFound


class LineState(StrEnum):
    """Whether a line can be ordered as it is."""

    OK = "ok"
    SOLD_OUT = "sold_out"
    # There are fewer pieces than the line wants.
    SHORT = "short"
    OFF_SALE = "off_sale"
    # The product or the SKU is no more.
    GONE = "gone"


def line_state(sku: Sku, quantity: int) -> LineState:
    """Tell whether so many pieces of a SKU, read with its product, can be ordered."""
    status = sku.product.status
    if status == ProductStatus.DELETED or not sku.is_active:
        return LineState.GONE
    if status != ProductStatus.ON_SALE:
        return LineState.OFF_SALE
    if sku.stock == 0:
        return LineState.SOLD_OUT
    return LineState.SHORT if sku.stock < quantity else LineState.OK


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line with its SKU of now."""

    item: CartItem
    # With its product and `picture`, as catalog.offers reads it.
    sku: Sku

    @property
    def state(self) -> LineState:
        """Tell whether the line can be ordered as it is."""
        return line_state(self.sku, self.item.quantity)

    @property
    def amount(self) -> Decimal:
        """Return what the pieces cost now."""
        return self.sku.price * self.item.quantity

    @property
    def is_price_changed(self) -> bool:
        """Tell whether the SKU costs something else than when it was put in."""
        return self.sku.price != self.item.price_added

    @property
    def is_to_order(self) -> bool:
        """Tell whether the line is selected and can be ordered."""
        return self.item.is_selected and self.state == LineState.OK


@dataclass(frozen=True, slots=True)
class Cart:
    """The lines, the newest first, and the sums of those that would be ordered."""

    lines: Sequence[CartLine]

    def line(self, item_id: int) -> CartLine:
        """Return one of the lines.

        Raises: NotFound, when an order has taken it out meanwhile.
        """
        for line in self.lines:
            if line.item.pk == item_id:
                return line
        raise NotFound

    @property
    def quantity(self) -> int:
        """Return how many pieces are in the cart."""
        return sum(line.item.quantity for line in self.lines)

    @property
    def selected_quantity(self) -> int:
        """Return how many pieces would be ordered."""
        return sum(line.item.quantity for line in self.lines if line.is_to_order)

    @property
    def selected_amount(self) -> Decimal:
        """Return what they cost."""
        amounts = (line.amount for line in self.lines if line.is_to_order)
        return sum(amounts, Decimal("0.00"))


def cart_read(*, user_id: int) -> Cart:
    """Return a shopper's cart, in two statements."""
    items = list(CartItem.objects.filter(user_id=user_id).order_by("-pk"))
    skus = skus_offered(sku_ids=[item.sku_id for item in items]) if items else {}
    return Cart([CartLine(item, skus[item.sku_id]) for item in items])


def cart_count(*, user_id: int) -> dict[str, int]:
    """Return how many lines and pieces are in a cart."""
    own = CartItem.objects.filter(user_id=user_id)
    return own.aggregate(lines=Count("pk"), quantity=Sum("quantity", default=0))
