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
        SELECT 'refund ' || refund.refund_no, format('is of %%s and keeps %%s, its'
            ' lines are of %%s and keep %%s, %%s of them are of another order',
            refund.amount, refund.kept_amount, sum(part.amount), sum(part.kept_amount),
            count(*) FILTER (WHERE item.order_id <> refund.order_id))
        FROM orders_refunditem part JOIN orders_refund refund
            ON refund.id = part.refund_id
        JOIN orders_orderitem item ON item.id = part.order_item_id
        GROUP BY refund.id HAVING sum(part.amount) > refund.amount
            OR sum(part.kept_amount) > refund.kept_amount
            OR bool_or(item.order_id <> refund.order_id)
    """,
    "refund_whole": """
        SELECT 'order ' || o.order_no, format('%%s pieces are refunded, %%s of %%s is,'
            ' %%s is kept', CASE WHEN pieces.is_all THEN 'all' ELSE 'some' END,
            payment.refund_amount, payment.amount, kept.amount)
        FROM orders_order o JOIN orders_payment payment
            ON payment.order_id = o.id AND payment.state = 'succeeded'
        JOIN (SELECT order_id, bool_and(refund_quantity = quantity) AS is_all
            FROM orders_orderitem GROUP BY order_id) AS pieces ON pieces.order_id = o.id
        JOIN (SELECT payment_id, sum(kept_amount) AS amount FROM orders_refund
            WHERE state NOT IN ('rejected', 'withdrawn') GROUP BY payment_id) AS kept
            ON kept.payment_id = payment.id
        WHERE payment.refund_amount + kept.amount > payment.amount
            OR (pieces.is_all AND payment.refund_amount + kept.amount <> payment.amount)
            OR (o.status = 'cancelled' AND kept.amount > 0)
    """,
    "refund_second": """
        SELECT 'refund ' || refund.refund_no, 'was granted by whoever agreed first'
        FROM orders_refund refund JOIN orders_refundevent event
            ON event.refund_id = refund.id AND event.to_state = 'approved'
            AND event.from_state = ANY (%(refund_asked)s::text[])
        WHERE event.operator_id = refund.agreed_by_id
    """,
    "refund_events": """
        SELECT 'refund ' || refund.refund_no, format('event %%s goes from "%%s" to'
            ' "%%s" after "%%s"', event.id, event.from_state, event.to_state,
            event.before)
        FROM (SELECT id, refund_id, from_state, to_state, deed,
                coalesce(lag(to_state) OVER (PARTITION BY refund_id ORDER BY id), '')
                    AS before
              FROM orders_refundevent) AS event
        JOIN orders_refund refund ON refund.id = event.refund_id
        WHERE event.from_state <> event.before
            OR CASE event.deed WHEN '' THEN (event.from_state || '>'
                || event.to_state) <> ALL (%(refund_moves)s::text[])
            ELSE event.from_state <> event.to_state
                OR event.from_state <> ALL (%(refund_asked)s::text[]) END
    """,
    "refund_last_event": """
        SELECT 'refund ' || refund.refund_no, format('is %%s, its last event says %%s',
            refund.state, coalesce(event.to_state, 'nothing'))
        FROM orders_refund refund LEFT JOIN LATERAL (
            SELECT to_state FROM orders_refundevent WHERE refund_id = refund.id
            ORDER BY id DESC LIMIT 1) AS event ON true
        WHERE refund.state IS DISTINCT FROM event.to_state
    """,
    # What cost nothing goes along from the shop's own shelf.
    "refund_returns": """
        SELECT 'refund ' || refund.refund_no, format('is of goods that come back, and'
            ' %%s pieces never left, its parcel is "%%s"', sum(part.unshipped_quantity),
            refund.return_tracking_no)
        FROM orders_refund refund JOIN orders_refunditem part
            ON part.refund_id = refund.id
        WHERE refund.is_return AND part.amount + part.kept_amount > 0
        GROUP BY refund.id HAVING sum(part.unshipped_quantity) > 0
            OR (refund.state = 'returning' AND refund.return_tracking_no = '')
    """,
    "refund_forgotten": """
        SELECT 'refund ' || refund_no, format('is %%s and nobody will look', state)
        FROM orders_refund
        WHERE state IN ('approved', 'processing') AND due_at IS NULL
    """,
}
