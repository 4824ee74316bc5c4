"""What must hold for the money that goes back."""

CHECKS = {
    "refunded": """
        SELECT 'payment ' || payment.out_trade_no, format('counts %%s of refunds, they'
            ' sum to %%s of %%s', payment.refund_amount,
            coalesce(sum(refund.amount), 0), payment.amount)
        FROM orders_payment payment LEFT JOIN orders_refund refund
            ON refund.payment_id = payment.id
            AND refund.state NOT IN ('rejected', 'withdrawn')
        GROUP BY payment.id
        HAVING payment.refund_amount <> coalesce(sum(refund.amount), 0)
            OR payment.refund_amount > payment.amount
            OR (payment.state NOT IN ('succeeded', 'undue')
                AND payment.refund_amount > 0)
    """,
    "refund_pieces": """
        SELECT 'line ' || item.id, format('counts %%s refunded pieces, its refunds have'
            ' %%s of %%s', item.refund_quantity,
            coalesce(sum(part.quantity), 0), item.quantity)
        FROM orders_orderitem item LEFT JOIN (
            SELECT part.order_item_id, part.quantity FROM orders_refunditem part
            JOIN orders_refund refund ON refund.id = part.refund_id
            WHERE refund.state NOT IN ('rejected', 'withdrawn')
        ) AS part ON part.order_item_id = item.id
        GROUP BY item.id HAVING item.refund_quantity <> coalesce(sum(part.quantity), 0)
            OR item.refund_quantity > item.quantity
    """,
    "refund_lines": """
        SELECT 'refund ' || refund.refund_no, format('is of %%s, its lines cost %%s,'
            ' %%s of them are of another order', refund.amount, sum(part.amount),
            count(*) FILTER (WHERE item.order_id <> refund.order_id))
        FROM orders_refunditem part JOIN orders_refund refund
            ON refund.id = part.refund_id
        JOIN orders_orderitem item ON item.id = part.order_item_id
        GROUP BY refund.id HAVING sum(part.amount) > refund.amount
            OR bool_or(item.order_id <> refund.order_id)
    """,
    "refund_whole": """
        SELECT 'order ' || o.order_no, format('all pieces are refunded, %%s of %%s is',
            payment.refund_amount, payment.amount)
        FROM orders_order o JOIN orders_payment payment
            ON payment.order_id = o.id AND payment.state = 'succeeded'
        JOIN (SELECT order_id, bool_and(refund_quantity = quantity) AS is_all
            FROM orders_orderitem GROUP BY order_id) AS pieces ON pieces.order_id = o.id
        WHERE pieces.is_all AND payment.refund_amount <> payment.amount
    """,
    "refund_events": """
        SELECT 'refund ' || refund.refund_no, format('event %%s goes from "%%s" to'
            ' "%%s" after "%%s"', event.id, event.from_state, event.to_state,
            event.before)
        FROM (SELECT id, refund_id, from_state, to_state,
                coalesce(lag(to_state) OVER (PARTITION BY refund_id ORDER BY id), '')
                    AS before
              FROM orders_refundevent) AS event
        JOIN orders_refund refund ON refund.id = event.refund_id
        WHERE event.from_state <> event.before OR (event.from_state || '>'
            || event.to_state) <> ALL (%(refund_moves)s::text[])
    """,
    "refund_last_event": """
        SELECT 'refund ' || refund.refund_no, format('is %%s, its last event says %%s',
            refund.state, coalesce(event.to_state, 'nothing'))
        FROM orders_refund refund LEFT JOIN LATERAL (
            SELECT to_state FROM orders_refundevent WHERE refund_id = refund.id
            ORDER BY id DESC LIMIT 1) AS event ON true
        WHERE refund.state IS DISTINCT FROM event.to_state
    """,
    "refund_forgotten": """
        SELECT 'refund ' || refund_no, format('is %%s and nobody will look', state)
        FROM orders_refund
        WHERE state IN ('approved', 'processing') AND due_at IS NULL
    """,
}
