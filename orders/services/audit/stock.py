"""What must hold for stock, its ledger, the sales and the kept counts."""

CHECKS = {
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
              WHERE reason IN ('order', 'order_cancelled', 'refund')
              GROUP BY sku_id) AS taken
        FULL JOIN (SELECT sku_id, sum(quantity) AS quantity FROM (
                SELECT item.sku_id, item.quantity
                FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
                WHERE o.status <> 'cancelled' OR o.paid_at IS NOT NULL
                UNION ALL
                SELECT item.sku_id, -part.quantity
                    + CASE WHEN refund.is_restocked
                        THEN 0 ELSE part.quantity - part.unshipped_quantity END
                FROM orders_refunditem part
                JOIN orders_refund refund ON refund.id = part.refund_id
                JOIN orders_orderitem item ON item.id = part.order_item_id
                WHERE refund.accepted_at IS NOT NULL
              ) AS moved GROUP BY sku_id) AS held
            ON held.sku_id = taken.sku_id
        WHERE coalesce(held.quantity, 0) <> coalesce(taken.quantity, 0)
    """,
    "per_order": """
        SELECT 'order ' || coalesce(o.order_no, moved.reference),
            format('SKU %%s: should hold %%s, the ledger says %%s',
                coalesce(o.sku_id, moved.sku_id), coalesce(o.quantity, 0),
                coalesce(moved.quantity, 0))
        FROM (SELECT o.order_no, item.sku_id,
                CASE WHEN o.status = 'cancelled' AND o.paid_at IS NULL THEN 0
                    ELSE item.quantity END AS quantity
              FROM orders_order o JOIN orders_orderitem item ON item.order_id = o.id
             ) AS o
        FULL JOIN (SELECT reference, sku_id, -sum(delta) AS quantity
              FROM catalog_stockmovement WHERE reason IN ('order', 'order_cancelled')
              GROUP BY reference, sku_id) AS moved
            ON moved.reference = o.order_no AND moved.sku_id = o.sku_id
        WHERE coalesce(o.quantity, 0) <> coalesce(moved.quantity, 0)
    """,
    "per_refund": """
        SELECT 'refund ' || coalesce(part.refund_no, moved.reference),
            format('SKU %%s: should give back %%s, the ledger says %%s',
                coalesce(part.sku_id, moved.sku_id), coalesce(part.quantity, 0),
                coalesce(moved.delta, 0))
        FROM (SELECT refund.refund_no, item.sku_id,
                CASE WHEN refund.is_restocked
                    THEN part.quantity ELSE part.unshipped_quantity END AS quantity
              FROM orders_refunditem part
              JOIN orders_refund refund ON refund.id = part.refund_id
              JOIN orders_orderitem item ON item.id = part.order_item_id
              WHERE refund.accepted_at IS NOT NULL) AS part
        FULL JOIN (SELECT reference, sku_id, delta FROM catalog_stockmovement
              WHERE reason = 'refund') AS moved
            ON moved.reference = part.refund_no AND moved.sku_id = part.sku_id
        WHERE coalesce(part.quantity, 0) <> coalesce(moved.delta, 0)
    """,
    "sales": """
        SELECT 'product ' || product.id, format('sales are %%s, its paid orders hold'
            ' %%s', product.sales, coalesce(sold.quantity, 0))
        FROM catalog_product product LEFT JOIN (
            SELECT product_id, sum(quantity) AS quantity FROM (
                SELECT item.product_id, item.quantity
                FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
                WHERE o.status IN ('paid', 'shipped', 'completed')
                    OR (o.status = 'cancelled' AND o.paid_at IS NOT NULL)
                UNION ALL
                SELECT item.product_id, -part.quantity
                FROM orders_refunditem part
                JOIN orders_refund refund ON refund.id = part.refund_id
                JOIN orders_orderitem item ON item.id = part.order_item_id
                WHERE refund.accepted_at IS NOT NULL
            ) AS moved GROUP BY product_id) AS sold ON sold.product_id = product.id
        WHERE product.sales <> coalesce(sold.quantity, 0)
    """,
    "count": """
        SELECT 'category ' || coalesce(real.category_id, kept.category_id, 0),
            format('%%s products are on sale, the kept count is %%s',
                coalesce(real.total, 0), coalesce(kept.total, 0))
        FROM (SELECT category_id, count(*) AS total FROM catalog_product
              WHERE status = 'on_sale' GROUP BY category_id) AS real
        FULL JOIN (SELECT category_id, sum(delta) AS total FROM catalog_productcount
              GROUP BY category_id) AS kept
            ON coalesce(kept.category_id, 0) = coalesce(real.category_id, 0)
        WHERE coalesce(real.total, 0) <> coalesce(kept.total, 0)
    """,
}
