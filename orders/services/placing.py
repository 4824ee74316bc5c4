"""Placing an order: one transaction, no network call, a fixed number of statements."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from accounts.errors import UserNotFound
from accounts.models import Address
from catalog.services.stock import stock_take
from orders.errors import IdempotencyConflict, RequestInProgress
from orders.locks import idempotency_key_claim
from orders.models import Order, OrderItem, OrderStatus
from orders.numbers import order_no_make
from orders.services.quoting import Line, Quote, Wish, quote_make
from shop.errors import Invalid, NotFound
from shop.metrics import ORDERS

# The lines and the first event in one statement. The lock on the shopper waits for an
# account deletion that is under way (and a later deletion waits for us): a shopper who
# is gone by now gets no lines, and the caller rolls back.
_RECORD = """
WITH shopper AS (
    SELECT id FROM accounts_user WHERE id = %(user)s AND is_active FOR KEY SHARE
), event AS (
    INSERT INTO orders_orderevent
        (order_id, from_status, to_status, operator_id, reason, created_at)
    SELECT %(order)s, '', %(status)s, id, '', %(now)s FROM shopper
)
INSERT INTO orders_orderitem
    (order_id, sku_id, product_id, name, specs, price, quantity, image)
SELECT %(order)s, line.* FROM shopper, unnest(
    %(skus)s::bigint[], %(products)s::bigint[], %(names)s::text[], %(specs)s::jsonb[],
    %(prices)s::numeric[], %(quantities)s::integer[], %(images)s::text[]
) AS line
RETURNING sku_id, id
"""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the goods go: copied onto the order."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    detail: str


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a shopper asks for, as sent: an address written out or one of the book."""

    wishes: Sequence[Wish]
    destination: Destination | None = None
    address_id: int | None = None
    remark: str = ""

    def digest(self) -> str:
        """Return a hash of everything that makes this request what it is.

        The order of the lines does not count.
        """
        facts = asdict(self)
        facts["wishes"] = sorted(map(str, facts["wishes"]))
        text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def destination_of(*, user_id: int, request: OrderRequest) -> Destination | None:
    """Return the address that was sent or named.

    Raises: NotFound, when the named one is not one of the shopper's own.
    """
    if request.address_id is None:
        return request.destination
    own = Address.objects.filter(user_id=user_id, pk=request.address_id)
    values = own.values(*Destination.__dataclass_fields__).first()
    if values is None:
        raise NotFound("地址不存在")
    return Destination(**values)


def order_place(
    *, user_id: int, request: OrderRequest, idempotency_key: str | None = None
) -> tuple[Order, bool]:
    """Place an order; return it and whether it was placed by this very call.

    A key that the shopper has used before returns the order of then, whatever has
    become of stock, product and address. Whatever fails, nothing is written; whoever
    sees the answer sees a committed order.

    Locks: the key, the SKUs in primary-key order, then the shopper's key, until the
        commit.
    Raises: NotOnSale, InsufficientStock, Invalid, NotFound, IdempotencyConflict,
        RequestInProgress, UserNotFound, Busy.
    """
    try:
        order, is_new = _placed(user_id, request, idempotency_key)
    except IntegrityError as error:
        if not _is_key_taken(error):
            raise
        # A twin committed between our look at the key and our insert: look again.
        order, is_new = _placed(user_id, request, idempotency_key)
    if is_new:
        ORDERS.labels(OrderStatus.PENDING.value).inc()
    return order, is_new


@transaction.atomic(durable=True)
def _placed(user_id: int, request: OrderRequest, key: str | None) -> tuple[Order, bool]:
    if key is not None and (earlier := _earlier(user_id, request, key)):
        return earlier, False
    destination = destination_of(user_id=user_id, request=request)
    if destination is None:
        raise Invalid.field("address", "收货地址不能为空")
    quote = quote_make(wishes=request.wishes, locking=True)
    order = _order(user_id, request, quote, key)
    for name, value in asdict(destination).items():
        setattr(order, name, value)
    order.save(force_insert=True)
    item_ids = _record(order, quote.lines)
    quantities = {line.sku.pk: line.quantity for line in quote.lines}
    stock_take(quantities=quantities, order_no=order.order_no)
    _remember(order, [_item(order, line, item_ids) for line in quote.lines])
    return order, True


def _earlier(user_id: int, request: OrderRequest, key: str) -> Order | None:
    """Return the order that the key has made, and keep twins out while it makes one.

    Raises: RequestInProgress, IdempotencyConflict.
    """
    is_ours, order_id = idempotency_key_claim(user_id, key)
    if order_id is None:
        if not is_ours:
            raise RequestInProgress
        return None
    order = Order.objects.for_display().get(pk=order_id)
    if order.request_hash != request.digest():
        raise IdempotencyConflict
    return order


def _order(user_id: int, request: OrderRequest, quote: Quote, key: str | None) -> Order:
    now = timezone.now()
    expires_at = now + timedelta(minutes=settings.ORDER_PAY_MINUTES)
    return Order(
        order_no=order_no_make(user_id=user_id, now=now),
        user_id=user_id,
        goods_amount=quote.goods_amount,
        freight_amount=quote.freight_amount,
        discount_amount=quote.discount_amount,
        total_amount=quote.total_amount,
        remark=request.remark,
        idempotency_key=key,
        request_hash=request.digest() if key else "",
        created_at=now,
        expires_at=expires_at,
        due_at=expires_at,
    )


def _record(order: Order, lines: Sequence[Line]) -> dict[int, int]:
    """Write the lines and the first event; return the lines' ids by SKU."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, _record_values(order, lines, order.created_at))
        ids = dict(cursor.fetchall())
    if not ids:
        raise UserNotFound
    return ids


def _record_values(
    order: Order, lines: Sequence[Line], now: datetime
) -> Mapping[str, Any]:
    return {
        "order": order.pk,
        "user": order.user_id,
        "status": OrderStatus.PENDING,
        "now": now,
        "skus": [line.sku.pk for line in lines],
        "products": [line.sku.product_id for line in lines],
        "names": [line.sku.product.name for line in lines],
        "specs": [Jsonb(line.sku.specs) for line in lines],
        "prices": [line.sku.price for line in lines],
        "quantities": [line.quantity for line in lines],
        "images": [line.image for line in lines],
    }


def _item(order: Order, line: Line, ids: Mapping[int, int]) -> OrderItem:
    """Return a line as it was just written, so that nobody reads it again."""
    return OrderItem(
        pk=ids[line.sku.pk],
        order=order,
        sku=line.sku,
        product=line.sku.product,
        name=line.sku.product.name,
        specs=line.sku.specs,
        price=line.sku.price,
        quantity=line.quantity,
        image=line.image,
    )


def _remember(order: Order, items: list[OrderItem]) -> None:
    """Fill the prefetch cache: a new order has these lines and nothing else."""
    order._prefetched_objects_cache = {  # type: ignore[attr-defined]
        "items": items,
        "shipments": [],
        "refunds": [],
    }


def _is_key_taken(error: Exception) -> bool:
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    return bool(name == "order_idempotency_key_once")
