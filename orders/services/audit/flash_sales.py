"""What must hold for flash sales and what shoppers took of them."""

CHECKS = {
    "sale_sold": """
        SELECT 'flash sale line ' || line.id, format('%%s of %%s are sold, shoppers'
            ' took %%s', line.sold, line.stock, coalesce(sum(taking.quantity), 0))
        FROM catalog_flashsalesku line LEFT JOIN orders_flashsaletaking taking
            ON taking.flash_sale_sku_id = line.id
        GROUP BY line.id HAVING line.sold <> coalesce(sum(taking.quantity), 0)
    """,
    "sale_taking": """
        SELECT 'flash sale line ' || coalesce(taking.line_id, held.line_id),
            format('user %%s: orders hold %%s, counted are %%s, the limit is %%s',
                coalesce(taking.user_id, held.user_id), coalesce(held.quantity, 0),
                coalesce(taking.quantity, 0), taking.user_limit)
        FROM (SELECT own.flash_sale_sku_id AS line_id, own.user_id, own.quantity,
                line.user_limit
              FROM orders_flashsaletaking own
              JOIN catalog_flashsalesku line ON line.id = own.flash_sale_sku_id
             ) AS taking
        FULL JOIN (SELECT line_id, user_id, sum(quantity) AS quantity FROM (
                SELECT item.flash_sale_sku_id AS line_id, o.user_id, item.quantity
                FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
                WHERE o.status <> 'cancelled' OR o.paid_at IS NOT NULL
                UNION ALL
                SELECT item.flash_sale_sku_id, o.user_id, -part.unshipped_quantity
                FROM orders_refunditem part
                JOIN orders_refund refund ON refund.id = part.refund_id
                JOIN orders_orderitem item ON item.id = part.order_item_id
                JOIN orders_order o ON o.id = item.order_id
                WHERE refund.accepted_at IS NOT NULL
              ) AS moved WHERE line_id IS NOT NULL GROUP BY line_id, user_id) AS held
            ON held.line_id = taking.line_id AND held.user_id = taking.user_id
        WHERE coalesce(held.quantity, 0) <> coalesce(taking.quantity, 0)
            OR taking.quantity > taking.user_limit
    """,
    "sale_line": """
        SELECT 'flash sale line ' || line.id, 'has other times than its sale'
        FROM catalog_flashsalesku line JOIN catalog_flashsale sale
            ON sale.id = line.sale_id
        WHERE (line.starts_at, line.ends_at) <> (sale.starts_at, sale.ends_at)
    """,
    "sale_sku": """
        SELECT 'order ' || o.order_no, format('line %%s has the price of a sale of'
            ' another SKU', item.id)
        FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
        LEFT JOIN catalog_flashsalesku line ON line.id = item.flash_sale_sku_id
        WHERE item.flash_sale_sku_id IS NOT NULL
            AND (line.sku_id, line.price) IS DISTINCT FROM (item.sku_id, item.price)
    """,
}
