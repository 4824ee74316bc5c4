"""The shop's books, read from its tables, and WeChat's, as its simulator tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Cursor(Protocol):
    """What Django's cursors and psycopg's have in common."""

    def execute(self, sql: str, /) -> Any: ...

    def fetchall(self) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """An order; `parcels` are tracking numbers, each of `lines` a SKU and pieces."""

    number: str
    key: str | None
    total_fen: int
    status: str
    was_paid: bool
    parcels: list[str]
    lines: list[list[int]]


@dataclass(frozen=True, slots=True)
class ShopPayment:
    """Money that came, by the shop's books; what was undue came too."""

    out_trade_no: str
    order_number: str
    transaction_id: str
    amount_fen: int
    state: str


@dataclass(frozen=True, slots=True)
class ShopRefund:
    """A refund, by the shop's books."""

    number: str
    out_refund_no: str
    out_trade_no: str
    amount_fen: int
    state: str


@dataclass(frozen=True, slots=True)
class ShopBooks:
    """All of it; `back` are pieces that refunds have put back, by SKU."""

    orders: Sequence[ShopOrder]
    payments: Sequence[ShopPayment]
    refunds: Sequence[ShopRefund]
    stock: Mapping[int, int]
    back: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class WeChatPayment:
    """Money that came, by WeChat's books, whether it went back or not."""

    out_trade_no: str
    transaction_id: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class WeChatRefund:
    """A refund, by WeChat's books."""

    out_refund_no: str
    out_trade_no: str
    amount_fen: int
    status: str


@dataclass(frozen=True, slots=True)
class WeChatBooks:
    """All of it."""

    payments: Sequence[WeChatPayment]
    refunds: Sequence[WeChatRefund]


_ORDERS = """
SELECT o.order_no, o.idempotency_key, (o.total_amount * 100)::bigint, o.status,
    o.paid_at IS NOT NULL,
    ARRAY(SELECT tracking_no::text FROM orders_shipment
          WHERE order_id = o.id ORDER BY id),
    ARRAY(SELECT ARRAY[sku_id, quantity] FROM orders_orderitem WHERE order_id = o.id)
FROM orders_order o ORDER BY o.id
"""
_PAYMENTS = """
SELECT payment.out_trade_no, o.order_no, payment.transaction_id,
    (payment.amount * 100)::bigint, payment.state
FROM orders_payment payment JOIN orders_order o ON o.id = payment.order_id
WHERE payment.state IN ('succeeded', 'undue') ORDER BY payment.id
"""
_REFUNDS = """
SELECT refund.refund_no, refund.out_refund_no, payment.out_trade_no,
    (refund.amount * 100)::bigint, refund.state
FROM orders_refund refund JOIN orders_payment payment ON payment.id = refund.payment_id
ORDER BY refund.id
"""
_STOCK = "SELECT id, stock FROM catalog_sku"
_BACK = """
SELECT item.sku_id, sum(CASE WHEN refund.is_restocked
    THEN part.quantity ELSE part.unshipped_quantity END)
FROM orders_refunditem part JOIN orders_refund refund ON refund.id = part.refund_id
JOIN orders_orderitem item ON item.id = part.order_item_id
WHERE refund.accepted_at IS NOT NULL GROUP BY item.sku_id
"""


def shop_books_read(cursor: Cursor) -> ShopBooks:
    """Return the shop's books, of a shop in which nothing goes on."""

    def rows(sql: str) -> list[tuple[Any, ...]]:
        cursor.execute(sql)
        return cursor.fetchall()

    return ShopBooks(
        orders=[ShopOrder(*row) for row in rows(_ORDERS)],
        payments=[ShopPayment(*row) for row in rows(_PAYMENTS)],
        refunds=[ShopRefund(*row) for row in rows(_REFUNDS)],
        stock=dict(rows(_STOCK)),
        back={sku: int(pieces) for sku, pieces in rows(_BACK)},
    )


def wechat_books_read(state: Mapping[str, Any]) -> WeChatBooks:
    """Return WeChat's books, from what the simulator answers to /_sim/state."""
    return WeChatBooks(
        payments=[
            WeChatPayment(one["outTradeNo"], one["transactionId"], one["total"])
            for one in state["payments"]
            if one["tradeState"] in {"SUCCESS", "REFUND"}
        ],
        refunds=[
            WeChatRefund(
                one["outRefundNo"], one["outTradeNo"], one["refund"], one["status"]
            )
            for one in state["refunds"]
        ],
    )
