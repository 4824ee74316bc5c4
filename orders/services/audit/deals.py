"""What must hold for orders and their parcels."""

CHECKS = {
    "amounts": """
        SELECT 'order ' || o.order_no, format('goods are %%s, its lines sum to %%s',
            o.goods_amount, coalesce(sum(item.price * item.quantity), 0))
        FROM orders_order o LEFT JOIN orders_orderitem item ON item.order_id = o.id
        GROUP BY o.id
        HAVING o.goods_amount <> coalesce(sum(item.price * item.quantity), 0)
    """,
    "discounts": """
        SELECT 'order ' || o.order_no, format('was placed with a discount of %%s, its'
            ' lines have %%s', coalesce(change.old_discount_amount, o.discount_amount),
            sum(item.discount_amount))
        FROM orders_order o JOIN orders_orderitem item ON item.order_id = o.id
        LEFT JOIN (SELECT DISTINCT ON (order_id) order_id, old_discount_amount
            FROM orders_orderpricechange ORDER BY order_id, id) AS change
            ON change.order_id = o.id
        -- One that replaces another has the price of that one, whoever made it.
        WHERE NOT EXISTS (SELECT FROM orders_order old WHERE old.replaced_by_id = o.id)
        GROUP BY o.id, change.old_discount_amount
        HAVING sum(item.discount_amount)
            <> coalesce(change.old_discount_amount, o.discount_amount)
    """,
    "product": """
        SELECT 'order ' || o.order_no, format('line %%s names product %%s, its SKU %%s',
            item.id, item.product_id, sku.product_id)
        FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
        JOIN catalog_sku sku ON sku.id = item.sku_id
        WHERE item.product_id <> sku.product_id
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
            OR (event.from_status || '>' || event.to_status) <> ALL (%(moves)s::text[])
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
        SELECT 'order ' || o.order_no, format('line %%s: %%s pieces are shipped and'
            ' %%s refunded before, %%s were ordered', item.id,
            coalesce(sent.quantity, 0), coalesce(held.quantity, 0), item.quantity)
        FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
        LEFT JOIN (
            SELECT order_item_id, sum(quantity) AS quantity
            FROM orders_shipmentitem GROUP BY order_item_id
        ) AS sent ON sent.order_item_id = item.id
        LEFT JOIN (
            SELECT part.order_item_id, sum(part.unshipped_quantity) AS quantity
            FROM orders_refunditem part
            JOIN orders_refund refund ON refund.id = part.refund_id
            WHERE refund.state NOT IN ('rejected', 'withdrawn')
            GROUP BY part.order_item_id
        ) AS held ON held.order_item_id = item.id
        WHERE coalesce(sent.quantity, 0) + coalesce(held.quantity, 0) > item.quantity
    """,
    "shipped": """
        SELECT 'order ' || o.order_no, format('is %%s, %%s of %%s pieces are shipped,'
            ' %%s were refunded before', o.status, pieces.sent, pieces.ordered,
            pieces.held)
        FROM orders_order o JOIN (
            SELECT item.order_id, sum(item.quantity) AS ordered,
                coalesce(sum(line.quantity), 0) AS sent,
                coalesce(sum(refunded.quantity), 0) AS held
            FROM orders_orderitem item LEFT JOIN (
                SELECT order_item_id, sum(quantity) AS quantity
                FROM orders_shipmentitem GROUP BY order_item_id
            ) AS line ON line.order_item_id = item.id
            LEFT JOIN (
                SELECT part.order_item_id, sum(part.unshipped_quantity) AS quantity
                FROM orders_refunditem part
                JOIN orders_refund refund ON refund.id = part.refund_id
                WHERE refund.accepted_at IS NOT NULL
                GROUP BY part.order_item_id
            ) AS refunded ON refunded.order_item_id = item.id
            GROUP BY item.order_id) AS pieces ON pieces.order_id = o.id
        WHERE CASE WHEN o.status IN ('shipped', 'completed')
            THEN pieces.sent + pieces.held < pieces.ordered OR pieces.sent = 0
            WHEN o.status = 'paid' THEN pieces.sent + pieces.held >= pieces.ordered
            ELSE pieces.sent > 0 END
    """,
    "closing": """
        SELECT 'order ' || o.order_no, 'is paid and closing without a refund'
        FROM orders_order o
        WHERE o.status = 'paid' AND o.closing_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM orders_refund refund WHERE refund.order_id = o.id
            AND refund.state IN ('approved', 'processing', 'succeeded', 'failed'))
    """,
}
