"""An order before it is placed, and the database's answer to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from accounts.errors import UserNotFound
from orders.errors import (
    CouponNotUsable,
    IdempotencyConflict,
    InsufficientStock,
    NotOnSale,
    RegionNotServed,
    RequestInProgress,
    SaleLimitExceeded,
    SaleSoldOut,
)
from orders.models import Order, OrderItem, OrderStatus
from orders.models.order_item import QUANTITY_MAX
from orders.numbers import order_no_make
from orders.services.coupons import problem_told
from orders.services.order_requests import OrderRequest
from orders.services.quoting import AMOUNT_MAX
from shop.errors import Busy, Invalid, NotFound, ShopError
from shop.statements import rows_fetch

# In orders/sql. One statement is one transaction, and one round trip.
_PLACE = """
SELECT answer FROM orders_place(
    %s::jsonb, %s::integer, %s::numeric, %s::text
) AS answer
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that has a number and a time already, and nothing in the database.

    It keeps the number however often it is tried, so that it can't be placed twice.
    """

    user_id: int
    request: OrderRequest
    key: str | None
    # What tells this request from others under the same key; empty without one.
    request_hash: str
    order_no: str
    now: datetime
    expires_at: datetime


def draft_make(user_id: int, request: OrderRequest, key: str | None) -> Draft:
    """Give an order its number and its times."""
    now = timezone.now()
    return Draft(
        user_id=user_id,
        request=request,
        key=key,
        request_hash=request.digest() if key else "",
        order_no=order_no_make(user_id=user_id, now=now),
        now=now,
        expires_at=now + timedelta(minutes=settings.ORDER_PAY_MINUTES),
    )


def drafts_place(
    drafts: Sequence[Draft], *, is_again: bool = False, patience: str | None = None
) -> list[str]:
    """Place what can be placed, in this sequence; return what `order_of` reads.

    `is_again`: they were tried before, and it is not known whether in vain. `patience`
    is how long to wait for a lock, where that is less than the session's time.

    Locks: the keys, the SKUs in primary-key order, the shoppers, what they hold of the
        coupons, then the lines that leave the carts, until the commit.
    """
    asked = [
        {"place": place, "again": is_again, **_written(draft)}
        for place, draft in enumerate(drafts)
    ]
    values = [orjson.dumps(asked).decode(), QUANTITY_MAX, AMOUNT_MAX, patience]
    return [answer for (answer,) in rows_fetch(_PLACE, values)]


def _written(draft: Draft) -> Mapping[str, Any]:
    asked = draft.request
    return {
        "user": draft.user_id,
        "number": draft.order_no,
        "key": draft.key,
        "hash": draft.request_hash,
        "address": asked.address_id,
        "destination": asked.destination and asked.destination.fields(),
        "remark": asked.remark,
        "cart": asked.from_cart,
        "coupon": asked.coupon_id,
        "now": draft.now.isoformat(),
        "expires": draft.expires_at.isoformat(),
        "wishes": [
            {
                "rank": rank,
                "product": wish.product_id,
                "sku": wish.sku_id,
                "quantity": wish.quantity,
            }
            for rank, wish in enumerate(asked.wishes)
        ],
    }


def order_of(draft: Draft, answer: str) -> Order:
    """Return the order that a draft has become, or the one it repeats.

    Raises: NotOnSale, InsufficientStock, SaleSoldOut, SaleLimitExceeded,
        RegionNotServed, CouponNotUsable, Invalid, NotFound, IdempotencyConflict,
        RequestInProgress, UserNotFound, Busy.
    """
    facts = orjson.loads(answer)
    if slug := facts.get("refused"):
        if slug == CouponNotUsable.code:
            raise _coupon_refusal(facts["coupon"])
        raise _refusal(slug, facts.get("lines") or [])
    if earlier := facts.get("earlier"):
        return Order.objects.for_display().get(pk=earlier)
    return _placed(draft, facts)


def _refusal(slug: str, lines: list[dict[str, Any]]) -> ShopError:
    """Word a refusal; `lines` are those with a problem, each with its own."""
    lines = [line for line in lines if line["problem"] == slug]
    match slug:
        case "insufficient_stock":
            items = [_short(line) for line in lines]
            return InsufficientStock(f"商品{items[0]['name']}库存不足", items=items)
        case "sale_sold_out":
            return SaleSoldOut([_short(line) for line in lines])
        case "sale_limit":
            return SaleLimitExceeded([_short(line) for line in lines])
        case "not_on_sale":
            return NotOnSale(
                items=[
                    {"productId": line["product"], "skuId": line["wished"]}
                    for line in lines
                ]
            )
        case "region_not_served":
            return RegionNotServed(
                items=[
                    {
                        "productId": line["product"],
                        "skuId": line["sku"],
                        "name": line["name"],
                    }
                    for line in lines
                ]
            )
        case "sku_not_chosen":
            return Invalid.field("items", f"请选择商品{lines[0]['name']}的规格")
    return _REFUSALS[slug]()


_REFUSALS: Mapping[str, Callable[[], ShopError]] = {
    "quantity_too_large": lambda: Invalid.field("items", f"数量不能大于{QUANTITY_MAX}"),
    "amount_too_large": lambda: Invalid.field("items", "订单金额过大"),
    "address_missing": lambda: Invalid.field("address", "收货地址不能为空"),
    "address_not_found": lambda: NotFound("地址不存在"),
    "idempotency_conflict": IdempotencyConflict,
    "request_in_progress": RequestInProgress,
    "user_not_found": UserNotFound,
    "busy": Busy,
}


def _coupon_refusal(found: Mapping[str, Any]) -> CouponNotUsable:
    begins = found["begins"] and datetime.fromisoformat(found["begins"])
    missing = Decimal(found["missing"] or 0)
    return CouponNotUsable(problem_told(found["problem"], missing, begins))


def _short(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "skuId": line["sku"],
        "name": line["name"],
        "requested": line["quantity"],
        "available": line["available"],
    }


def _placed(draft: Draft, facts: Mapping[str, Any]) -> Order:
    """Return the order as it was just written, so that nobody reads it again."""
    order = Order(
        pk=facts["placed"],
        order_no=draft.order_no,
        user_id=draft.user_id,
        status=OrderStatus.PENDING,
        goods_amount=Decimal(facts["goods"]),
        freight_amount=Decimal(facts["freight"]),
        discount_amount=Decimal(facts["discount"]),
        total_amount=Decimal(facts["total"]),
        coupon_claim_id=facts["claim"],
        remark=draft.request.remark,
        idempotency_key=draft.key,
        request_hash=draft.request_hash,
        created_at=draft.now,
        updated_at=draft.now,
        expires_at=draft.expires_at,
        due_at=draft.expires_at,
        **facts["destination"],
    )
    order._state.adding, order._state.db = False, DEFAULT_DB_ALIAS
    items = [_item(order.pk, line) for line in facts["lines"]]
    # A new order has these lines and nothing else.
    order._prefetched_objects_cache = {  # type: ignore[attr-defined]
        "items": items,
        "shipments": [],
        "refunds": [],
    }
    return order


def _item(order_id: int, line: Mapping[str, Any]) -> OrderItem:
    return OrderItem(
        pk=line["id"],
        order_id=order_id,
        sku_id=line["sku"],
        product_id=line["product"],
        name=line["name"],
        specs=line["specs"],
        price=Decimal(line["price"]),
        quantity=line["quantity"],
        discount_amount=Decimal(line["discount"]),
        flash_sale_sku_id=line["sale"],
        image=line["image"],
    )
