"""What must hold for coupons and those who hold them."""

CHECKS = {
    "coupon_count": """
        SELECT 'coupon ' || coupon.id, format('counts %%s claims, there are %%s',
            coupon.claimed_count, count(own.id))
        FROM orders_coupon coupon
        LEFT JOIN orders_couponclaim own ON own.coupon_id = coupon.id
        GROUP BY coupon.id HAVING coupon.claimed_count <> count(own.id)
    """,
    "coupon_use": """
        SELECT 'claim ' || own.id, format('of user %%s is used by order %%s of user'
            ' %%s, which names claim %%s', own.user_id, o.order_no, o.user_id,
            o.coupon_claim_id)
        FROM orders_couponclaim own JOIN orders_order o ON o.id = own.order_id
        WHERE o.coupon_claim_id IS DISTINCT FROM own.id OR o.user_id <> own.user_id
    """,
    # Given back with the order that ended unpaid, or of which all went back.
    "coupon_order": """
        SELECT 'order ' || o.order_no, format('is %%s and %%s its coupon, claim %%s',
            o.status, CASE WHEN own.order_id IS DISTINCT FROM o.id
                THEN 'has lost' ELSE 'keeps' END, own.id)
        FROM orders_order o JOIN orders_couponclaim own ON own.id = o.coupon_claim_id
        LEFT JOIN orders_payment payment
            ON payment.order_id = o.id AND payment.state = 'succeeded'
        LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM orders_refund
            WHERE accepted_at IS NOT NULL GROUP BY payment_id) AS back
            ON back.payment_id = payment.id
        WHERE (own.order_id IS NOT DISTINCT FROM o.id) <> CASE
            WHEN payment.id IS NULL THEN o.status <> 'cancelled'
            ELSE payment.amount IS DISTINCT FROM back.amount
                OR (SELECT sum(quantity) FROM orders_orderitem WHERE order_id = o.id)
                    IS DISTINCT FROM (SELECT sum(part.quantity)
                        FROM orders_refunditem part
                        JOIN orders_refund refund ON refund.id = part.refund_id
                        WHERE refund.payment_id = payment.id
                            AND refund.accepted_at IS NOT NULL) END
    """,
}
