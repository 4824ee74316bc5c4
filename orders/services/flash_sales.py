"""What orders have to do with flash sales: prices, and what shoppers take of them.

What a shopper has taken of a sale is written together with what is sold in it, under
the lock of the SKU. `orders_place` (orders/sql) takes; what ends or goes back before it
has left gives back.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F

from catalog.models import FlashSaleSku
from catalog.services.flash_sales import flash_sales_count
from orders.models import FlashSaleTaking, OrderItem
from shop.statements import rows_fetch

# In orders/sql.
_PRICES = "SELECT flash_sale_prices(%s::jsonb, %s::jsonb)"


class SalePrice(NamedTuple):
    """What a line costs in a sale, by the id of the sale's line."""

    id: int
    price: Decimal
    # Pieces that may go for it, and that the shopper may still have.
    left: int
    user_left: int | None


def sale_prices(
    *, user_id: int, lines: Sequence[Mapping[str, Any]], now: datetime
) -> dict[int, SalePrice]:
    """Ask what `orders_place` asks: the prices, by SKU id, of those in a sale.

    The lines are as the functions of orders/sql read them, all of one order.
    """
    asked = [{"place": 0, "user": user_id, "now": now.isoformat()}]
    ((answer,),) = rows_fetch(_PRICES, [json.dumps(lines), json.dumps(asked)])
    return {
        line["sku"]: SalePrice(
            line["sale"], line["price"], line["sale_left"], line["user_left"]
        )
        for line in json.loads(answer, parse_float=Decimal)
        if "sale" in line
    }


def sale_pieces(items: Iterable[OrderItem]) -> dict[int, int]:
    """Return the pieces that lines of an order had of sales, by id of a sale's line."""
    return {
        item.flash_sale_sku_id: item.quantity
        for item in items
        if item.flash_sale_sku_id is not None
    }


def takings_return(*, user_id: int, pieces: Mapping[int, int]) -> None:
    """Give pieces (by id of a sale's line) of a shopper's order back to the sale.

    Locks: the caller holds those of the SKUs.
    """
    _move(user_id, {line_id: -quantity for line_id, quantity in pieces.items()})


def takings_repeat(*, user_id: int, items: Iterable[OrderItem]) -> bool:
    """Take what an order that has given it back had of sales, at the price of then.

    False, and nothing is taken, when a sale or the shopper has too few pieces left; a
    sale that is over meanwhile is no obstacle.
    Locks: the caller holds those of the SKUs.
    """
    pieces = sale_pieces(items)
    rows = FlashSaleSku.objects.filter(pk__in=pieces)
    if not all(_has_left(row, user_id, pieces[row.pk]) for row in rows):
        return False
    _move(user_id, pieces)
    return True


def _has_left(row: FlashSaleSku, user_id: int, quantity: int) -> bool:
    if quantity > row.left:
        return False
    own = FlashSaleTaking.objects.filter(flash_sale_sku=row, user=user_id)
    taken = own.values_list("quantity", flat=True).first() or 0
    return row.user_limit is None or taken + quantity <= row.user_limit


def _move(user_id: int, pieces: Mapping[int, int]) -> None:
    flash_sales_count(pieces=pieces)
    for line_id, quantity in pieces.items():
        own = FlashSaleTaking.objects.filter(flash_sale_sku=line_id, user=user_id)
        own.update(quantity=F("quantity") + quantity)
