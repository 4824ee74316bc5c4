"""A cart as it is now: what its lines cost, and which of them can be bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import Count, Sum
from django.utils import timezone

from catalog.models import ProductStatus, Sku
from catalog.offers import skus_offered
from orders.models import CartItem
from orders.services.flash_sales import SalePrice, sale_prices
from shop.errors import NotFound

NO_LINE = "购物车中没有该商品"


class LineState(StrEnum):
    """Whether a line can be ordered as it is."""

    OK = "ok"
    SOLD_OUT = "sold_out"
    # There are fewer pieces than the line wants.
    SHORT = "short"
    OFF_SALE = "off_sale"
    # The product or the SKU is no more.
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line with its SKU of now."""

    item: CartItem
    # With its product and `picture`, as catalog.offers reads it.
    sku: Sku
    # If a flash sale runs that sells so many pieces of it.
    sale: SalePrice | None = None

    @property
    def price(self) -> Decimal:
        """Return what a piece costs now."""
        return self.sale.price if self.sale else self.sku.price

    @property
    def stock(self) -> int:
        """Return how many pieces the shopper can order now, for that price."""
        bounds = (self.sale.left, self.sale.user_left) if self.sale else ()
        # Staff may have lowered a limit under what was taken already.
        left = min([self.sku.stock, *(one for one in bounds if one is not None)])
        return max(left, 0)

    @property
    def is_limited(self) -> bool:
        """Tell whether a sale has pieces left, but not so many for the shopper."""
        limit = self.sale.user_left if self.sale else None
        return limit is not None and max(limit, 0) == self.stock < self.item.quantity

    @property
    def state(self) -> LineState:
        """Tell whether the line can be ordered as it is."""
        status = self.sku.product.status
        if status == ProductStatus.DELETED or not self.sku.is_active:
            return LineState.GONE
        if status != ProductStatus.ON_SALE:
            return LineState.OFF_SALE
        if self.stock == 0:
            return LineState.SOLD_OUT
        return LineState.SHORT if self.stock < self.item.quantity else LineState.OK

    @property
    def amount(self) -> Decimal:
        """Return what the pieces cost now."""
        return self.price * self.item.quantity

    @property
    def is_price_changed(self) -> bool:
        """Tell whether the SKU costs something else than when it was put in."""
        return self.price != self.item.price_added

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
        raise NotFound(NO_LINE)

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
    """Return a shopper's cart, in three statements."""
    items = list(CartItem.objects.filter(user_id=user_id).order_by("-pk"))
    return Cart(lines_read(user_id=user_id, items=items))


def lines_read(*, user_id: int, items: Sequence[CartItem]) -> list[CartLine]:
    """Add to lines of a shopper, written or not, what their SKUs are and cost now.

    One of a SKU that there never was is left out.
    """
    skus = skus_offered(sku_ids=[item.sku_id for item in items]) if items else {}
    known = [item for item in items if item.sku_id in skus]
    if not known:
        return []
    asked = [
        {
            "place": 0,
            "sku": item.sku_id,
            "price": str(skus[item.sku_id].price),
            "quantity": item.quantity,
        }
        for item in known
    ]
    sales = sale_prices(user_id=user_id, lines=asked, now=timezone.now())
    return [CartLine(item, skus[item.sku_id], sales.get(item.sku_id)) for item in known]


def cart_count(*, user_id: int) -> dict[str, int]:
    """Return how many lines and pieces are in a cart."""
    own = CartItem.objects.filter(user_id=user_id)
    return own.aggregate(lines=Count("pk"), quantity=Sum("quantity", default=0))
