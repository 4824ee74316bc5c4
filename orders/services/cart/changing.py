"""Everything that writes a cart.

Whoever puts something in locks the shopper, so that two additions at once merge and a
cart stays within its limits; then the lines, which an order may be taking out.
"""

from collections.abc import Collection
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.locks import user_lock
from catalog.models import ProductStatus, Sku
from orders.errors import (
    CartFull,
    CartQuantityLimit,
    InsufficientStock,
    NotOnSale,
    SaleLimitExceeded,
)
from orders.locks import cart_lock
from orders.models import CartItem
from orders.models.cart_item import CART_LINES_MAX
from orders.models.order_item import QUANTITY_MAX
from orders.services.cart.reading import NO_LINE, LineState, lines_read
from shop.errors import Invalid, NotFound


@transaction.atomic
def cart_add(
    *,
    user_id: int,
    sku_id: int,
    quantity: int,
    is_selected: bool = True,
    idempotency_key: str | None = None,
) -> int:
    """Put pieces of a SKU in, to those of it that are there; return the line's id.

    A line remembers the key that added last: the same again adds nothing.

    Locks: the user, the lines. Raises: NotOnSale, InsufficientStock,
    SaleLimitExceeded, CartFull, CartQuantityLimit, UserNotFound.
    """
    user_lock(user_id=user_id)
    items = {item.sku_id: item for item in cart_lock(user_id)}
    item = items.get(sku_id) or CartItem(user_id=user_id, sku_id=sku_id, quantity=0)
    if idempotency_key and item.idempotency_key == idempotency_key:
        return item.pk
    if sku_id not in items and len(items) >= CART_LINES_MAX:
        raise CartFull
    item.quantity += quantity
    item.price_added = _price(item)
    item.is_selected = is_selected
    item.idempotency_key = idempotency_key
    item.save()
    return item.pk


@transaction.atomic
def cart_change(
    *,
    user_id: int,
    item_id: int,
    quantity: int | None = None,
    is_selected: bool | None = None,
    sku_id: int | None = None,
) -> None:
    """Change what is given; a line of the SKU that is chosen instead merges into it.

    Locks: the user, the lines. Raises: NotFound, Invalid, NotOnSale,
    InsufficientStock, SaleLimitExceeded, CartQuantityLimit, UserNotFound.
    """
    user_lock(user_id=user_id)
    items = {item.pk: item for item in cart_lock(user_id)}
    if (item := items.get(item_id)) is None:
        raise NotFound(NO_LINE)
    if is_selected is not None:
        item.is_selected = is_selected
    item.quantity = quantity or item.quantity
    if sku_id is not None and sku_id != item.sku_id:
        _sku_choose(item, sku_id, items.values())
    elif quantity is not None:
        # The price to compare with stays that of the day it was put in.
        _price(item)
    item.save()


def _sku_choose(item: CartItem, sku_id: int, items: Collection[CartItem]) -> None:
    """Turn a line to another SKU of its product, and take in the one that has it."""
    twins = [twin for twin in items if twin.sku_id == sku_id]
    earlier_id, item.sku_id = item.sku_id, sku_id
    item.quantity += sum(twin.quantity for twin in twins)
    item.price_added = _price(item)
    skus = Sku.objects.filter(pk__in=[earlier_id, sku_id])
    if skus.values("product").distinct().count() > 1:
        raise Invalid.field("skuId", "请选择同一商品的规格")
    for twin in twins:
        twin.delete()


def _price(item: CartItem) -> Decimal:
    """Return what a piece costs now, if so many can be bought; nothing is locked.

    Raises: NotOnSale, CartQuantityLimit, SaleLimitExceeded, InsufficientStock.
    """
    line = next(iter(lines_read(user_id=item.user_id, items=[item])), None)
    if line is None or line.state in (LineState.GONE, LineState.OFF_SALE):
        product_id = line.sku.product_id if line else None
        raise NotOnSale(items=[{"productId": product_id, "skuId": item.sku_id}])
    if item.quantity > QUANTITY_MAX:
        raise CartQuantityLimit
    if item.quantity > line.stock:
        name = line.sku.product.name
        short = {
            "skuId": item.sku_id,
            "name": name,
            "requested": item.quantity,
            "available": line.stock,
        }
        if line.is_limited:
            raise SaleLimitExceeded(items=[short])
        raise InsufficientStock(f"商品{name}库存不足", items=[short])
    return line.price


def cart_remove(*, user_id: int, item_id: int) -> None:
    """Take a line out.

    Raises: NotFound.
    """
    if not CartItem.objects.filter(user_id=user_id, pk=item_id).delete()[0]:
        raise NotFound(NO_LINE)


@transaction.atomic
def cart_select(
    *, user_id: int, is_selected: bool, item_ids: Collection[int] | None = None
) -> None:
    """Select the lines or take their mark away, all of them if none are named.

    Somebody else's lines, and those that are out meanwhile, are passed over.

    Locks: the lines.
    """
    items = cart_lock(user_id)
    chosen = [item.pk for item in items if item_ids is None or item.pk in item_ids]
    rows = CartItem.objects.filter(pk__in=chosen)
    rows.update(is_selected=is_selected, updated_at=timezone.now())


def cart_clear_selected(*, user_id: int) -> None:
    """Take out what is selected, whether it can be bought or not.

    Locks: the lines.
    """
    _clear(user_id, Q(is_selected=True))


def cart_clear_gone(*, user_id: int) -> None:
    """Take out what is no longer sold; what is sold out may come again, and stays.

    Locks: the lines.
    """
    is_sold = Q(sku__is_active=True, sku__product__status=ProductStatus.ON_SALE)
    _clear(user_id, ~is_sold)


@transaction.atomic
def _clear(user_id: int, which: Q) -> None:
    cart_lock(user_id)
    CartItem.objects.filter(which, user_id=user_id).delete()
