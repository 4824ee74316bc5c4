"""A shop that the planner takes for a large one: few rows, the statistics of many."""

from django.db import connection

from shop.tests.plans import statistics_grow

ROWS = 2_000
_PRODUCTS = [
    "accounts_address",
    "accounts_session",
    "accounts_user",
    "catalog_product",
    "catalog_productimage",
    "catalog_productsearch",
    "catalog_searchhistory",
    "catalog_sku",
]
_ORDERS = [
    "catalog_flashsalesku",
    "catalog_stockmovement",
    "orders_cartitem",
    "orders_couponclaim",
    "orders_flashsaletaking",
    "orders_order",
    "orders_orderevent",
    "orders_orderitem",
    "orders_payment",
    "orders_paymentnotice",
    "orders_refund",
    "orders_refundevent",
    "orders_refunditem",
    "orders_shipment",
    "orders_shipmentitem",
    "orders_shippingupload",
    "orders_subscribemessage",
]
LARGE = [*_PRODUCTS, *_ORDERS]

# Product n has one SKU, shopper n three orders of two lines, each with a coupon. Most
# orders are completed, one in forty is refunded, and one in a hundred each is pending,
# paid or shipped.
_FILL = """
INSERT INTO accounts_user (openid, password, is_superuser, session_key_encrypted,
    nickname, avatar, phone, is_staff, is_active, created_at, updated_at)
SELECT 'many-' || n, '!', false, '', 'shopper' || n, '', '138' || 10000000 + n,
    false, true, now() - n * interval '1 minute', now()
FROM generate_series(1, %(rows)s) AS n;

INSERT INTO accounts_session (id, user_id, refresh_jti, expires_at, created_at)
SELECT gen_random_uuid(), id, md5(id::text), now() + id * interval '1 second', now()
FROM accounts_user WHERE openid LIKE 'many-%%';

INSERT INTO accounts_address (user_id, name, phone, province, city, district, detail,
    is_default, created_at, updated_at)
SELECT id, nickname, phone, '广东省', '深圳市', '南山区', '科技园', true, now(), now()
FROM accounts_user WHERE openid LIKE 'many-%%';

INSERT INTO catalog_category (name, icon, position)
SELECT '分类' || n, '', n FROM generate_series(0, 19) AS n;

INSERT INTO catalog_product (category_id, name, description, status, price, sales,
    spec_names, created_at, updated_at)
SELECT category.id, '商品' || n, '第' || n || '号', 'on_sale', 1 + n %% 997,
    n * 7 %% 1009, '{}', now() - n * interval '1 second', now()
FROM generate_series(1, %(rows)s) AS n
JOIN catalog_category AS category ON category.position = n %% 20;

INSERT INTO catalog_sku
    (product_id, specs, price, stock, alarm_stock, code, image, position, is_active)
SELECT id, '{}', price, 100, 5, 'code-' || id, '', 0, true FROM catalog_product;

INSERT INTO catalog_productimage (product_id, file, position)
SELECT id, 'uploads/a.jpg', place FROM catalog_product, generate_series(0, 1) AS place;

INSERT INTO catalog_searchhistory (user_id, keyword, searched_at)
SELECT id, '商品' || id %% 50, now() - id * interval '20 minutes'
FROM accounts_user WHERE openid LIKE 'many-%%';

INSERT INTO orders_order (order_no, user_id, status, goods_amount, freight_amount,
    discount_amount, total_amount, name, phone, province, city, district, detail,
    remark, idempotency_key, request_hash, expires_at, close_reason, due_at, paid_at,
    shipped_at, completed_at, created_at, updated_at)
SELECT format('L%%s%%s', lpad(shopper.id::text, 9, '0'), part), shopper.id, status,
    10, 0, 0, 10, shopper.nickname, shopper.phone, '广东省', '深圳市', '南山区',
    '科技园', '', md5(shopper.id::text || part), '', at + interval '30 minutes', '',
    at + interval '30 minutes', CASE WHEN status <> 'pending' THEN at END,
    CASE WHEN status IN ('shipped', 'completed') THEN at END,
    CASE WHEN status = 'completed' THEN at END, at, at
FROM accounts_user AS shopper
CROSS JOIN generate_series(1, 3) AS part
CROSS JOIN LATERAL (SELECT CASE (shopper.id * 3 + part) %% 300 WHEN 0 THEN 'pending'
    WHEN 100 THEN 'paid' WHEN 200 THEN 'shipped' ELSE 'completed' END) AS s (status)
CROSS JOIN LATERAL (SELECT now() - part * interval '1 minute'
    - CASE status WHEN 'completed' THEN shopper.id * interval '1 hour'
        ELSE interval '0' END) AS t (at)
WHERE openid LIKE 'many-%%';

INSERT INTO orders_orderitem
    (order_id, sku_id, product_id, name, specs, price, quantity, image)
SELECT o.id, sku.id, sku.product_id, '商品', '{}', 5, 1, ''
FROM orders_order AS o
CROSS JOIN generate_series(0, 1) AS place
JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, product_id FROM catalog_sku)
    AS sku ON sku.n = (o.id * 7 + place) %% %(rows)s;

INSERT INTO orders_coupon (title, kind, minimum_amount, amount, scope, target_ids,
    user_limit, claim_from, valid_days, status, claimed_count, created_at, updated_at)
VALUES ('常用', 'reduction', 0, 1, 'all', '{}', 3, now(), 7, 'published',
    3 * %(rows)s, now(), now());

INSERT INTO orders_couponclaim
    (user_id, coupon_id, order_id, valid_from, valid_until, claimed_at)
SELECT o.user_id, coupon.id, o.id, o.created_at, o.created_at + interval '7 days',
    o.created_at
FROM orders_order AS o, orders_coupon AS coupon;

INSERT INTO orders_cartitem
    (user_id, sku_id, quantity, is_selected, price_added, created_at, updated_at)
SELECT o.user_id, item.sku_id, 1, true, 5, now(), now()
FROM orders_order AS o JOIN orders_orderitem AS item ON item.order_id = o.id
ON CONFLICT DO NOTHING;

INSERT INTO catalog_flashsale
    (name, kind, starts_at, ends_at, is_ended_early, created_at)
SELECT '秒杀' || n, 'flash', now() - (n + 1) * interval '1 day',
    now() - n * interval '1 day', false, now()
FROM generate_series(1, %(rows)s / 4) AS n;

INSERT INTO catalog_flashsalesku
    (sale_id, sku_id, price, stock, sold, min_quantity, starts_at, ends_at)
SELECT sale.id, sku.id, 0.5, 10, 1, 1, sale.starts_at, sale.ends_at
FROM catalog_sku AS sku
JOIN catalog_flashsale AS sale ON sale.name = '秒杀' || 1 + sku.id %% (%(rows)s / 4);

INSERT INTO orders_flashsaletaking (flash_sale_sku_id, user_id, quantity)
SELECT item.id, shopper.id, 1
FROM catalog_flashsalesku AS item
JOIN accounts_user AS shopper ON shopper.openid = 'many-' || 1 + item.id %% %(rows)s;

INSERT INTO orders_orderevent (order_id, from_status, to_status, reason, created_at)
SELECT id, '', 'pending', '', created_at FROM orders_order
UNION ALL
SELECT id, 'pending', status, '', created_at FROM orders_order
WHERE status <> 'pending';

INSERT INTO catalog_stockmovement
    (sku_id, delta, balance, reason, reference, created_at)
SELECT item.sku_id, -1, 100, 'order', o.order_no, o.created_at
FROM orders_order AS o JOIN orders_orderitem AS item ON item.order_id = o.id;

INSERT INTO orders_payment (order_id, out_trade_no, amount, state, expires_at,
    prepay_id, transaction_id, facts, paid_at, next_query_at, created_at, updated_at)
SELECT id, order_no || '-1', total_amount,
    CASE status WHEN 'pending' THEN 'open' ELSE 'succeeded' END, expires_at, '',
    CASE WHEN status <> 'pending' THEN order_no END,
    CASE WHEN status <> 'pending' THEN '{}'::jsonb END, paid_at,
    CASE status WHEN 'pending' THEN now() + interval '1 hour' END, created_at,
    updated_at
FROM orders_order;

INSERT INTO orders_paymentnotice
    (notice_id, event_type, number, facts, received_at, settled_at, refusal)
SELECT order_no, 'TRANSACTION.SUCCESS', order_no || '-1', '{}', paid_at, paid_at, ''
FROM orders_order WHERE status <> 'pending';

INSERT INTO orders_shipment (order_id, carrier, tracking_no, shipped_at)
SELECT id, 'SF', 'SF' || id, shipped_at FROM orders_order WHERE shipped_at IS NOT NULL;

INSERT INTO orders_shipmentitem (shipment_id, order_item_id, quantity)
SELECT shipment.id, item.id, 1
FROM orders_shipment AS shipment
JOIN orders_orderitem AS item ON item.order_id = shipment.order_id;

INSERT INTO orders_shippingupload
    (order_id, state, tries, error, succeeded_at, created_at, updated_at)
SELECT order_id, 'succeeded', 1, '', shipped_at, shipped_at, shipped_at
FROM orders_shipment;

INSERT INTO orders_subscribemessage
    (order_id, kind, state, tries, error, sent_at, created_at, updated_at)
SELECT order_id, 'shipped', 'sent', 1, '', shipped_at, shipped_at, shipped_at
FROM orders_shipment;

INSERT INTO orders_refund (refund_no, out_refund_no, kind, state, amount, reason,
    images, answer, is_restocked, wechat_error, accepted_at, succeeded_at, granted_at,
    created_at, updated_at, order_id, payment_id)
SELECT 'R' || payment.id, 'R' || payment.id, 'after_sale', 'succeeded', 5, '', '[]', '',
    false, '', paid_at, paid_at, paid_at, paid_at, paid_at, order_id, id
FROM orders_payment AS payment WHERE state = 'succeeded' AND id %% 4 = 0;

INSERT INTO orders_refundevent
    (refund_id, from_state, to_state, reason, created_at)
SELECT id, '', 'succeeded', '', created_at FROM orders_refund;

INSERT INTO orders_refunditem
    (refund_id, order_item_id, quantity, unshipped_quantity, amount)
SELECT refund.id, item.id, 1, 0, 5
FROM orders_refund AS refund
CROSS JOIN LATERAL (SELECT id FROM orders_orderitem
    WHERE order_id = refund.order_id LIMIT 1) AS item;
"""


def large_shop_fill() -> None:
    """Fill the tables, and let the planner believe in a million products."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '60s'")
        cursor.execute(_FILL, {"rows": ROWS})
    # Each test would check the foreign keys of all these rows again at its end.
    connection.check_constraints()
    statistics_grow(_PRODUCTS, times=1_000_000 // ROWS)
    statistics_grow(_ORDERS, times=10_000_000 // (3 * ROWS))
