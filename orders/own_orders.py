"""A shopper's own orders as the API shows them, a page by two prepared statements.

The same as `for_display()` reads by five, whose queries cost more than their rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS
from django.db.models import DecimalField, Model

from orders.models import Order, OrderItem, Refund, Shipment, ShipmentItem
from shop.statements import rows_fetch


class _Read:
    """The columns that are read of a model; whatever else it has is read when asked."""

    def __init__(self, model: type[Model], *names: str) -> None:
        self._model = model
        fields = [one for one in model._meta.concrete_fields if one.attname in names]
        self._fields = fields
        self._names = [one.attname for one in fields]

    def columns(self, alias: str) -> str:
        """Return the columns for a SELECT."""
        return ", ".join(f"{alias}.{one.column}" for one in self._fields)

    def as_json(self, alias: str, *more: str) -> str:
        """Return the columns as an array, amounts to the cent, and `more` behind."""
        written = [
            # A number would come back as a float.
            f"{alias}.{one.column}::text"
            if isinstance(one, DecimalField)
            else f"{alias}.{one.column}"
            for one in self._fields
        ]
        return f"json_build_array({', '.join([*written, *more])})"

    def made(self, values: Sequence[Any]) -> Any:
        """Return a row as the ORM would have read it, of what the driver has read."""
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, values)

    def made_of_json(self, values: Sequence[Any]) -> Any:
        """The same of the columns of an array."""
        pairs = zip(self._fields, values, strict=True)
        return self.made([one.to_python(value) for one, value in pairs])

    def __len__(self) -> int:
        return len(self._fields)


_ORDER = _Read(
    Order,
    *("id", "order_no", "user_id", "status", "remark", "replaced_by_id"),
    *("goods_amount", "freight_amount", "discount_amount", "total_amount"),
    *("name", "phone", "province", "city", "district", "detail"),
    *("expires_at", "closing_at", "paid_at", "shipped_at", "completed_at"),
    *("cancelled_at", "reminded_at", "created_at", "updated_at"),
)
_ITEM = _Read(
    OrderItem,
    *("id", "order_id", "product_id", "sku_id", "name", "specs", "image"),
    *("price", "quantity", "refund_quantity", "is_reviewed"),
)
_PARCEL = _Read(Shipment, "id", "order_id", "carrier", "tracking_no", "shipped_at")
_PART = _Read(ShipmentItem, "id", "shipment_id", "order_item_id", "quantity")
_REFUND = _Read(Refund, "id", "order_id", "kind", "state", "amount", "kept_amount")


def _all(read: _Read, table: str, owner: str, *more: str) -> str:
    """Return the rows of a table that belong to `owner` as one array, oldest first."""
    row = read.as_json(table, *more)
    return (
        f"(SELECT coalesce(json_agg({row} ORDER BY {table}.id), '[]')"  # noqa: S608 - nothing but constants
        f" FROM {table} WHERE {table}.{owner})"
    )


_ITEMS = _all(_ITEM, "orders_orderitem", "order_id = o.id")
_PARTS = _all(_PART, "orders_shipmentitem", "shipment_id = orders_shipment.id")
_PARCELS = _all(_PARCEL, "orders_shipment", "order_id = o.id", _PARTS)
_REFUNDS = _all(_REFUND, "orders_refund", "order_id = o.id")
_OWN = "o.user_id = %(user_id)s AND o.hidden_at IS NULL"
# Each is there only when it is asked for: so the indexes of the states are used.
_NARROWED = {
    "order_no": "o.order_no = %(order_no)s",
    "status": "o.status = %(status)s",
    "keyword": """(
        strpos(upper(o.order_no), upper(%(keyword)s)) > 0
        OR EXISTS (
            SELECT FROM orders_orderitem AS line WHERE line.order_id = o.id
            AND strpos(upper(line.name), upper(%(keyword)s)) > 0
        )
    )""",
}
_COUNT = "SELECT count(*) FROM orders_order AS o WHERE {where}"
# The page is cut before anything is looked up for its orders.
_PAGE = f"""
SELECT {_ORDER.columns("o")}, later.order_no,
    {_ITEMS}::text, {_PARCELS}::text, {_REFUNDS}::text
FROM (
    SELECT * FROM orders_order AS o WHERE {{where}}
    ORDER BY o.id DESC LIMIT %(size)s OFFSET %(start)s
) AS o
LEFT JOIN orders_order AS later ON later.id = o.replaced_by_id
ORDER BY o.id DESC
"""  # noqa: S608 - nothing but constants


class OwnOrders:
    """What a page is cut from: a shopper's orders, newest first, none hidden.

    Narrowed by what is not empty: `order_no`, `status`, or `keyword`, a word of a
    product's name or of the number.
    """

    def __init__(self, user_id: int, **narrowed: str) -> None:
        asked = {name: value for name, value in narrowed.items() if value}
        self._values: Mapping[str, Any] = {"user_id": user_id, **asked}
        self._where = " AND ".join([_OWN, *(_NARROWED[name] for name in asked)])

    def count(self) -> int:
        """Count all of them."""
        ((count,),) = rows_fetch(_COUNT.format(where=self._where), self._values)
        return int(count)

    def __getitem__(self, part: slice) -> list[Order]:
        """Return a page, its orders as `for_display()` would have read them."""
        values = {
            **self._values,
            "start": part.start,
            "size": part.stop - part.start,
        }
        return [
            _order(row) for row in rows_fetch(_PAGE.format(where=self._where), values)
        ]

    def first(self) -> Order | None:
        """Return the newest."""
        return next(iter(self[0:1]), None)


def _order(row: Sequence[Any]) -> Order:
    order: Order = _ORDER.made(row[: len(_ORDER)])
    later, items, parcels, refunds = row[len(_ORDER) :]
    order.replaced_by = Order(order.replaced_by_id, later) if later else None
    order._prefetched_objects_cache = {  # type: ignore[attr-defined]
        "items": _made(_ITEM, items),
        "shipments": [_parcel(values) for values in orjson.loads(parcels)],
        "refunds": _made(_REFUND, refunds),
    }
    return order


def _made(read: _Read, text: str) -> list[Any]:
    return [read.made_of_json(values) for values in orjson.loads(text)]


def _parcel(values: list[Any]) -> Shipment:
    parcel: Shipment = _PARCEL.made_of_json(values[:-1])
    parcel._prefetched_objects_cache = {  # type: ignore[attr-defined]
        "items": [_PART.made_of_json(part) for part in values[-1]]
    }
    return parcel
