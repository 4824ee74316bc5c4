"""What must hold for the money that came."""

CHECKS = {
    "one_payment": """
        SELECT 'order ' || o.order_no, format('%%s successful payments', count(*))
        FROM orders_payment payment JOIN orders_order o ON o.id = payment.order_id
        WHERE payment.state = 'succeeded' GROUP BY o.id HAVING count(*) > 1
    """,
    "paid": """
        SELECT 'order ' || o.order_no, format('is %%s, paid %%s of %%s, %%s of %%s'
            ' that was granted went back', o.status,
            coalesce(payment.amount::text, 'nothing'), o.total_amount,
            coalesce(back.taken, 0), coalesce(back.amount, 0))
        FROM orders_order o LEFT JOIN orders_payment payment
            ON payment.order_id = o.id AND payment.state = 'succeeded'
        LEFT JOIN (SELECT payment_id, sum(amount + kept_amount) AS amount,
                sum(amount + kept_amount) FILTER (WHERE accepted_at IS NOT NULL)
                    AS taken,
                -- The last piece that WeChat has taken ends an order, though money
                -- that was granted without pieces may still be on its way.
                bool_and(accepted_at IS NOT NULL OR NOT EXISTS (SELECT
                    FROM orders_refunditem item
                    WHERE item.refund_id = refund.id AND item.quantity > 0)) AS is_taken
            FROM orders_refund refund
            WHERE accepted_at IS NOT NULL OR state IN ('approved', 'failed')
            GROUP BY payment_id) AS back
            ON back.payment_id = payment.id
        WHERE CASE WHEN o.status IN ('paid', 'shipped', 'completed')
            THEN payment.amount IS DISTINCT FROM o.total_amount
            WHEN o.status = 'cancelled' AND payment.id IS NOT NULL
            THEN payment.amount IS DISTINCT FROM back.amount OR NOT back.is_taken
            ELSE payment.id IS NOT NULL END
    """,
    "undue": """
        SELECT 'payment ' || payment.out_trade_no, format('pays for nothing: %%s came,'
            ' %%s is on its way back', payment.amount, coalesce(sum(refund.amount), 0))
        FROM orders_payment payment LEFT JOIN orders_refund refund
            ON refund.payment_id = payment.id
            AND refund.state NOT IN ('rejected', 'withdrawn')
        WHERE payment.state = 'undue'
        GROUP BY payment.id HAVING payment.amount IS DISTINCT FROM sum(refund.amount)
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
        FROM orders_payment WHERE state IN ('succeeded', 'undue')
            AND (amount * 100)::text::numeric
                IS DISTINCT FROM (facts #>> '{amount,total}')::numeric
    """,
    "old_price": """
        SELECT 'payment ' || payment.out_trade_no, format('is open and asks for %%s,'
            ' its order costs %%s', payment.amount, o.total_amount)
        FROM orders_payment payment JOIN orders_order o ON o.id = payment.order_id
        WHERE payment.state = 'open' AND o.status = 'pending'
            AND payment.amount <> o.total_amount
    """,
}
