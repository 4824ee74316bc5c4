"""From what a shopper asks for to lines with our prices: a preview of an order."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils import timezone

from catalog.models import ProductStatus, Sku
from catalog.offers import skus_offered
from orders.errors import (
    InsufficientStock,
    NotOnSale,
    RegionNotServed,
    SaleLimitExceeded,
    SaleSoldOut,
)
from orders.models.order_item import QUANTITY_MAX
from orders.services.coupons import Offer, coupons_offered, offer_of
from orders.services.flash_sales import sale_prices
from orders.services.order_requests import Destination, OrderRequest, Wish
from shop.errors import Invalid
from shop.statements import rows_fetch

# WeChat counts fen in 32 bits, so more could be ordered but never paid.
AMOUNT_MAX = Decimal(2**31 - 1).scaleb(-2)
_ZERO = Decimal("0.00")
# In orders/sql.
_FREIGHT = "SELECT freight_of(%s::jsonb, %s::jsonb)"


@dataclass(frozen=True, slots=True)
class Line:
    """A SKU and how many pieces of it; the prices are ours.

    The price is the SKU's own, or that in a flash sale, whose line `sale_id` names.
    """

    sku: Sku
    quantity: int
    price: Decimal
    sale_id: int | None = None

    @property
    def amount(self) -> Decimal:
        """Return the price of the line."""
        return self.price * self.quantity

    @property
    def image(self) -> str:
        """Return the picture to remember, a storage name."""
        # catalog.offers selects it along with the SKU.
        picture: str = self.sku.picture  # type: ignore[attr-defined]
        return picture


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines with one SKU each, by ascending id, and what they cost."""

    lines: Sequence[Line]
    freight_amount: Decimal = _ZERO
    discount_amount: Decimal = _ZERO
    # What gives the discount, and all that the shopper holds, the best first.
    coupon_id: int | None = None
    offers: Sequence[Offer] = ()

    @property
    def goods_amount(self) -> Decimal:
        """Return the price of the goods."""
        return sum((line.amount for line in self.lines), _ZERO)

    @property
    def total_amount(self) -> Decimal:
        """Return what is to be paid."""
        return self.goods_amount + self.freight_amount - self.discount_amount


def quote_make(
    *,
    user_id: int,
    request: OrderRequest,
    destination: Destination | None = None,
    picks_coupon: bool = False,
) -> Quote:
    """Merge duplicate lines, check that each can be bought now, and price them.

    Without a destination there is no freight yet. `picks_coupon`: the shopper has left
    it to us, and gets the best one. Nothing is locked: stock may be gone a moment
    later. `orders_place` (orders/sql) checks the same under locks, in the same order.

    Raises: NotOnSale, InsufficientStock, SaleSoldOut, SaleLimitExceeded,
        RegionNotServed (each naming every such line), CouponNotUsable, Invalid.
    """
    skus = skus_offered(**skus_named(request.wishes))
    lines = _in_sales(lines_of(wishes=request.wishes, skus=skus), user_id)
    freight = _freight_of(lines, destination) if destination else _ZERO
    offers = coupons_offered(user_id=user_id, lines=_asked(lines), freight=freight)
    chosen = _chosen_offer(offers, request.coupon_id, picks_coupon=picks_coupon)
    discount = chosen.discount_amount if chosen else None
    return quote_of(
        Quote(
            lines,
            freight_amount=freight,
            discount_amount=discount or _ZERO,
            coupon_id=chosen.coupon.pk if chosen else None,
            offers=offers,
        )
    )


def _chosen_offer(
    offers: Sequence[Offer], coupon_id: int | None, *, picks_coupon: bool
) -> Offer | None:
    """Return the offer to be used.

    Raises: CouponNotUsable.
    """
    if coupon_id is not None:
        return offer_of(offers, coupon_id)
    best = next(iter(offers), None) if picks_coupon else None
    return best if best and best.discount_amount else None


def skus_named(wishes: Iterable[Wish]) -> dict[str, list[int]]:
    """Return `sku_ids` and `product_ids`, by which catalog.offers finds the SKUs."""
    return {
        "sku_ids": [wish.sku_id for wish in wishes if wish.sku_id is not None],
        "product_ids": [wish.product_id for wish in wishes if wish.sku_id is None],
    }


def lines_of(*, wishes: Sequence[Wish], skus: Mapping[int, Sku]) -> list[Line]:
    """Make the lines of wishes out of SKUs as they were read, by ascending id.

    Raises: NotOnSale, InsufficientStock, Invalid.
    """
    quantities = _merged(wishes, skus)
    lines = [
        Line(skus[pk], quantities[pk], skus[pk].price) for pk in sorted(quantities)
    ]
    _require_stock(lines)
    return lines


def quote_of(quote: Quote) -> Quote:
    """Return a quote, if it can be paid.

    Raises: Invalid.
    """
    if quote.total_amount > AMOUNT_MAX:
        raise Invalid.field("items", "订单金额过大")
    return quote


def _asked(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Return lines as the functions of orders/sql read them."""
    return [
        {
            "place": 0,
            "sku": line.sku.pk,
            "product": line.sku.product_id,
            "price": str(line.price),
            "quantity": line.quantity,
        }
        for line in lines
    ]


def _freight_of(lines: Sequence[Line], destination: Destination) -> Decimal:
    """Ask what `orders_place` asks: what it costs to send the lines.

    Raises: RegionNotServed.
    """
    places = {"0": destination.fields()}
    values = [json.dumps(_asked(lines)), json.dumps(places)]
    ((answer,),) = rows_fetch(_FREIGHT, values)
    freight = json.loads(answer, parse_float=Decimal).get("0", {})
    if unserved := freight.get("unserved"):
        raise RegionNotServed(
            items=[
                {
                    "productId": line.sku.product_id,
                    "skuId": line.sku.pk,
                    "name": line.sku.product.name,
                }
                for line in lines
                if line.sku.pk in unserved
            ]
        )
    return Decimal(freight.get("amount", 0)).quantize(Decimal("0.01"))


def _in_sales(lines: Sequence[Line], user_id: int) -> list[Line]:
    """Give each line of a SKU in a running flash sale its price there.

    Raises: SaleSoldOut, SaleLimitExceeded.
    """
    prices = sale_prices(user_id=user_id, lines=_asked(lines), now=timezone.now())
    found = [(line, prices[line.sku.pk]) for line in lines if line.sku.pk in prices]
    if short := _short((line, price.left) for line, price in found):
        raise SaleSoldOut(short)
    if over := _short((line, price.user_left) for line, price in found):
        raise SaleLimitExceeded(over)
    priced = {
        line.sku.pk: replace(line, price=price.price, sale_id=price.id)
        for line, price in found
    }
    return [priced.get(line.sku.pk, line) for line in lines]


def _short(found: Iterable[tuple[Line, int | None]]) -> list[dict[str, Any]]:
    """Name each line of which there are too few; None is no bound."""
    return [
        {
            "skuId": line.sku.pk,
            "name": line.sku.product.name,
            "requested": line.quantity,
            "available": available,
        }
        for line, available in found
        if available is not None and line.quantity > available
    ]


def _merged(wishes: Iterable[Wish], skus: Mapping[int, Sku]) -> dict[int, int]:
    """Return pieces by SKU id."""
    quantities: dict[int, int] = {}
    missing = []
    for wish in wishes:
        sku = _chosen(wish, skus)
        if sku is None:
            missing.append({"productId": wish.product_id, "skuId": wish.sku_id})
        else:
            quantities[sku.pk] = quantities.get(sku.pk, 0) + wish.quantity
    if missing:
        raise NotOnSale(items=missing)
    if any(quantity > QUANTITY_MAX for quantity in quantities.values()):
        raise Invalid.field("items", f"数量不能大于{QUANTITY_MAX}")
    return quantities


def _chosen(wish: Wish, skus: Mapping[int, Sku]) -> Sku | None:
    """Return the SKU that a wish means; None when it can't be bought.

    Raises: Invalid, when the product has several and none was chosen.
    """
    if wish.sku_id is not None:
        found = [skus[wish.sku_id]] if wish.sku_id in skus else []
    else:
        found = [sku for sku in skus.values() if sku.product_id == wish.product_id]
    found = [sku for sku in found if _is_offered(sku, wish.product_id)]
    if wish.sku_id is None and len(found) > 1:
        raise Invalid.field("items", f"请选择商品{found[0].product.name}的规格")
    return found[0] if found else None


def _is_offered(sku: Sku, product_id: int) -> bool:
    return (
        sku.is_active
        and sku.product_id == product_id
        and sku.product.status == ProductStatus.ON_SALE
    )


def _require_stock(lines: Iterable[Line]) -> None:
    """Raise InsufficientStock with every short line."""
    if short := _short((line, line.sku.stock) for line in lines):
        raise InsufficientStock(f"商品{short[0]['name']}库存不足", items=short)
