"""Every invariant of stock and money, asked of the database in one snapshot."""

from dataclasses import dataclass
from itertools import chain

from django.db import connection

from orders.models import OrderStatus
from orders.models.order import TRANSITIONS

# Each check selects the subject and what is wrong with it. They are joined into one
# statement, which sees one moment of a shop that goes on selling.
_CHECKS = {
    "ledger": """
        SELECT 'SKU ' || sku.id, format('stock is %%s, its ledger sums to %%s',
            sku.stock, coalesce(sum(movement.delta), 0))
        FROM catalog_sku sku
        LEFT JOIN catalog_stockmovement movement ON movement.sku_id = sku.id
        GROUP BY sku.id HAVING sku.stock <> coalesce(sum(movement.delta), 0)
    """,
    "balance": """
        SELECT 'SKU ' || sku_id, format('ledger row %%s: balance is %%s, the sum so far'
            ' is %%s', id, balance, total)
        FROM (SELECT id, sku_id, balance,
                sum(delta) OVER (PARTITION BY sku_id ORDER BY id) AS total
              FROM catalog_stockmovement) AS running
        WHERE balance <> total
    """,
    "stock": """
        SELECT 'SKU ' || id, format('stock is %%s', stock)
        FROM catalog_sku WHERE stock < 0
    """,
    "held": """
        SELECT 'SKU ' || coalesce(taken.sku_id, held.sku_id),
            format('orders hold %%s, the ledger says %%s',
                coalesce(held.quantity, 0), coalesce(taken.quantity, 0))
        FROM (SELECT sku_id, -sum(delta) AS quantity FROM catalog_stockmovement
              WHERE reason IN ('order', 'order_cancelled') GROUP BY sku_id) AS taken
        FULL JOIN (SELECT item.sku_id, sum(item.quantity) AS quantity
              FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
              WHERE o.status <> 'cancelled' GROUP BY item.sku_id) AS held
            ON held.sku_id = taken.sku_id
        WHERE coalesce(held.quantity, 0) <> coalesce(taken.quantity, 0)
    """,
    "per_order": """
        SELECT 'order ' || coalesce(o.order_no, moved.reference),
            format('SKU %%s: should hold %%s, the ledger says %%s',
                coalesce(o.sku_id, moved.sku_id), coalesce(o.quantity, 0),
                coalesce(moved.quantity, 0))
        FROM (SELECT o.order_no, item.sku_id,
                CASE WHEN o.status = 'cancelled' THEN 0 ELSE item.quantity END
                    AS quantity
              FROM orders_order o JOIN orders_orderitem item ON item.order_id = o.id
             ) AS o
        FULL JOIN (SELECT reference, sku_id, -sum(delta) AS quantity
              FROM catalog_stockmovement WHERE reason IN ('order', 'order_cancelled')
              GROUP BY reference, sku_id) AS moved
            ON moved.reference = o.order_no AND moved.sku_id = o.sku_id
        WHERE coalesce(o.quantity, 0) <> coalesce(moved.quantity, 0)
    """,
    "amounts": """
        SELECT 'order ' || o.order_no, format('goods are %%s, its lines sum to %%s',
            o.goods_amount, coalesce(sum(item.price * item.quantity), 0))
        FROM orders_order o LEFT JOIN orders_orderitem item ON item.order_id = o.id
        GROUP BY o.id
        HAVING o.goods_amount <> coalesce(sum(item.price * item.quantity), 0)
    """,
    "one_payment": """
        SELECT 'order ' || o.order_no, format('%%s successful payments', count(*))
        FROM orders_payment payment JOIN orders_order o ON o.id = payment.order_id
        WHERE payment.state = 'succeeded' GROUP BY o.id HAVING count(*) > 1
    """,
    "paid": """
        SELECT 'order ' || o.order_no, format('is %%s, paid %%s of %%s',
            o.status, coalesce(payment.amount::text, 'nothing'), o.total_amount)
        FROM orders_order o LEFT JOIN orders_payment payment
            ON payment.order_id = o.id AND payment.state = 'succeeded'
        WHERE CASE WHEN o.status IN ('paid', 'shipped', 'completed')
            THEN payment.amount IS DISTINCT FROM o.total_amount
            ELSE payment.id IS NOT NULL END
    """,
    "unclosed": """
        SELECT 'payment ' || payment.out_trade_no,
            format('is open, its order %%s is %%s', o.order_no, o.status)
        FROM orders_payment payment JOIN orders_order o ON o.id = payment.order_id
        WHERE payment.state = 'open' AND o.status <> 'pending'
    """,
    "verified": """
        SELECT 'payment ' || out_trade_no, format('amount is %%s, WeChat said %%s fen',
            amount, facts #>> '{amount,total}')
        FROM orders_payment WHERE state = 'succeeded' AND (amount * 100)::text::numeric
            IS DISTINCT FROM (facts #>> '{amount,total}')::numeric
    """,
    "events": """
        SELECT 'order ' || o.order_no, format('event %%s goes from "%%s" to "%%s" after'
            ' "%%s"', event.id, event.from_status, event.to_status, event.before)
        FROM (SELECT id, order_id, from_status, to_status,
                coalesce(lag(to_status) OVER (PARTITION BY order_id ORDER BY id), '')
                    AS before
              FROM orders_orderevent) AS event
        JOIN orders_order o ON o.id = event.order_id
        WHERE event.from_status <> event.before
            OR (event.from_status || '>' || event.to_status) <> ALL (%s::text[])
    """,
    "last_event": """
        SELECT 'order ' || o.order_no, format('is %%s, its last event says %%s',
            o.status, coalesce(event.to_status, 'nothing'))
        FROM orders_order o LEFT JOIN LATERAL (
            SELECT to_status FROM orders_orderevent WHERE order_id = o.id
            ORDER BY id DESC LIMIT 1) AS event ON true
        WHERE o.status IS DISTINCT FROM event.to_status
    """,
    "price_change": """
        SELECT 'order ' || o.order_no, format('costs %%s + %%s - %%s, its last price'
            ' change says %%s + %%s - %%s', o.goods_amount, o.freight_amount,
            o.discount_amount, o.goods_amount, change.new_freight_amount,
            change.new_discount_amount)
        FROM (SELECT DISTINCT ON (order_id) * FROM orders_orderpricechange
              ORDER BY order_id, id DESC) AS change
        JOIN orders_order o ON o.id = change.order_id
        WHERE (o.freight_amount, o.discount_amount)
            <> (change.new_freight_amount, change.new_discount_amount)
    """,
    "old_price": """
        SELECT 'payment ' || payment.out_trade_no, format('is open and asks for %%s,'
            ' its order costs %%s', payment.amount, o.total_amount)
        FROM orders_payment payment JOIN orders_order o ON o.id = payment.order_id
        WHERE payment.state = 'open' AND o.status = 'pending'
            AND payment.amount <> o.total_amount
    """,
    "parcels": """
        SELECT 'order ' || o.order_no, format('a parcel holds line %%s of another'
            ' order', item.id)
        FROM orders_shipmentitem sent
        JOIN orders_shipment shipment ON shipment.id = sent.shipment_id
        JOIN orders_orderitem item ON item.id = sent.order_item_id
        JOIN orders_order o ON o.id = shipment.order_id
        WHERE item.order_id <> o.id
    """,
    "pieces": """
        SELECT 'order ' || o.order_no, format('line %%s: %%s pieces are shipped, %%s'
            ' were ordered', item.id, sum(sent.quantity), item.quantity)
        FROM orders_shipmentitem sent
        JOIN orders_orderitem item ON item.id = sent.order_item_id
        JOIN orders_order o ON o.id = item.order_id
        GROUP BY o.id, item.id HAVING sum(sent.quantity) > item.quantity
    """,
    "shipped": """
        SELECT 'order ' || o.order_no, format('is %%s, %%s of %%s pieces are shipped',
            o.status, pieces.sent, pieces.ordered)
        FROM orders_order o JOIN (
            SELECT item.order_id, sum(item.quantity) AS ordered,
                coalesce(sum(line.quantity), 0) AS sent
            FROM orders_orderitem item LEFT JOIN (
                SELECT order_item_id, sum(quantity) AS quantity
                FROM orders_shipmentitem GROUP BY order_item_id
            ) AS line ON line.order_item_id = item.id
            GROUP BY item.order_id) AS pieces ON pieces.order_id = o.id
        WHERE CASE WHEN o.status IN ('shipped', 'completed')
            THEN pieces.sent < pieces.ordered
            WHEN o.status = 'paid' THEN pieces.sent >= pieces.ordered
            ELSE pieces.sent > 0 END
    """,
    "sales": """
        SELECT 'product ' || product.id, format('sales are %%s, its paid orders hold'
            ' %%s', product.sales, coalesce(sold.quantity, 0))
        FROM catalog_product product LEFT JOIN (
            SELECT item.product_id, sum(item.quantity) AS quantity
            FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
            WHERE o.status IN ('paid', 'shipped', 'completed')
            GROUP BY item.product_id) AS sold ON sold.product_id = product.id
        WHERE product.sales <> coalesce(sold.quantity, 0)
    """,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks an invariant."""

    check: str
    subject: str
    problem: str


def orders_audit() -> list[Finding]:
    """Return every breach of an invariant; none means that the books are right.

    It reads whole tables: seconds at a million orders. It locks nothing.
    """
    parts = [
        f"SELECT '{name}', found.* FROM ({sql}) AS found (subject, problem)"  # noqa: S608 - constants
        for name, sql in _CHECKS.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [_legal_moves()])
        return [Finding(*row) for row in cursor.fetchall()]


def _legal_moves() -> list[str]:
    """Return `from>to` of every transition, the placing included."""
    moves = chain.from_iterable(
        ((old, new) for new in news) for old, news in TRANSITIONS.items()
    )
    return [f">{OrderStatus.PENDING}", *(f"{old}>{new}" for old, new in moves)]
