-- The data of a run, the same each time: psql -v products=N -v orders=N -v shoppers=N.
--
-- Every rule of `manage.py orders_audit` holds for them. What every order writes has
-- its indexes made after the rows, and its foreign keys hold by how the rows are made.

\set ON_ERROR_STOP on
SET maintenance_work_mem = '512MB';
SET work_mem = '256MB';
SELECT setseed(0.5) \gset

-- 500 characters: each pair of them stands in about 24 of 100,000 descriptions.
\set letters 500
\set letter_first 19968
\set stock 1000000
\set hot_stock 100000000

-- --- What was ordered: one or two lines each, of any two products -----------------

CREATE UNLOGGED TABLE bench_line AS
WITH chosen AS (
    SELECT n AS order_id, n % 10 = 0 AS is_cancelled,
        (hashint8(n) & 2147483647) % :products AS first,
        (hashint8(n + 1000000007) & 2147483647) % (:products - 1) AS step
    FROM generate_series(1, :orders) AS n
)
SELECT order_id, is_cancelled, line, 1 + order_id % 2 AS quantity,
    1 + (first + line * (1 + step)) % :products AS product_id
FROM chosen, generate_series(0, order_id % 2) AS line;

-- --- The catalogue ----------------------------------------------------------------

INSERT INTO catalog_category (id, name, icon, position)
SELECT n, name, '', n
FROM unnest('{连衣裙,衬衫,毛衣,外套,牛仔裤,短裤,运动鞋,凉鞋,靴子,帽子,围巾,手套,
    双肩包,手提包,钱包,腰带,手表,项链,耳环,雨伞,水杯,茶具,餐盘,筷子,炒锅,砂锅,菜刀,
    砧板,毛巾,浴巾,枕头,被子,床单,窗帘,地毯,台灯,闹钟,花瓶,香薰,蜡烛,笔记本,钢笔,
    书包,积木,拼图,风筝,足球,篮球,瑜伽垫,帐篷}'::text[]) WITH ORDINALITY AS category (name, n);

INSERT INTO catalog_product (id, name, description, category_id, status, price,
    spec_names, sales, created_at, updated_at)
SELECT n, '新款' || category.name || ' ' || n, described.text, category.id, 'on_sale',
    5 + n % 500, CASE WHEN n % 10 = 0 THEN '{尺码}' ELSE '{}' END::text[],
    coalesce(sold.quantity, 0), made.at, made.at
FROM generate_series(1, :products) AS n
CROSS JOIN LATERAL (
    SELECT timestamptz '2025-01-01 00:00+08' + n * interval '20 seconds' AS at
) AS made
JOIN catalog_category AS category ON category.id = 1 + n % 50
CROSS JOIN LATERAL (
    -- Naming the product makes the text a new one for each.
    SELECT string_agg(chr(:letter_first + floor(random() * :letters)::integer), '')
        AS text
    FROM generate_series(1, 60 + 0 * n)
) AS described
LEFT JOIN (
    SELECT product_id, sum(quantity) AS quantity FROM bench_line
    WHERE NOT is_cancelled GROUP BY product_id
) AS sold ON sold.product_id = n
ORDER BY n;

INSERT INTO catalog_productimage (product_id, file, position)
SELECT n, 'uploads/202501/' || md5((n % 64 + place)::text) || '.jpg', place
FROM generate_series(1, :products) AS n, generate_series(0, 1) AS place;

-- The first SKU of a product has its number; each tenth product has two more.
INSERT INTO catalog_sku
    (id, product_id, specs, price, stock, code, image, position, is_active)
SELECT n, n, CASE WHEN n % 10 = 0 THEN '{"尺码": "S"}' ELSE '{}' END::jsonb,
    5 + n % 500,
    CASE WHEN n = 1 THEN :hot_stock ELSE :stock END - coalesce(held.quantity, 0),
    'B-' || n, '', 0, true
FROM generate_series(1, :products) AS n
LEFT JOIN (
    SELECT product_id, sum(quantity) AS quantity FROM bench_line
    WHERE NOT is_cancelled GROUP BY product_id
) AS held ON held.product_id = n
ORDER BY n;
INSERT INTO catalog_sku
    (id, product_id, specs, price, stock, code, image, position, is_active)
SELECT :products + 2 * n + place - 2, 10 * n,
    jsonb_build_object('尺码', ('{M,L}'::text[])[place]),
    5 + 10 * n % 500 + 10 * place, :stock, format('B-%s-%s', 10 * n, place), '', place,
    true
FROM generate_series(1, :products / 10) AS n, generate_series(1, 2) AS place;

-- --- Shoppers and their orders ------------------------------------------------------

INSERT INTO accounts_user (id, password, is_superuser, openid, session_key_encrypted,
    nickname, avatar, phone, is_staff, is_active, created_at, updated_at)
SELECT n, '!', false, 'load-' || lpad(n::text, 7, '0'), '', '买家' || n, '', '', false,
    true, '2025-01-01', '2025-01-01'
FROM generate_series(1, :shoppers) AS n;

CREATE TEMPORARY TABLE bench_index AS
SELECT indexes.indexname, indexes.indexdef
FROM pg_indexes AS indexes
JOIN pg_class AS class ON class.relname = indexes.indexname
LEFT JOIN pg_constraint AS kept ON kept.conindid = class.oid
WHERE kept.oid IS NULL AND indexes.tablename IN ('orders_order', 'orders_orderitem',
    'orders_orderevent', 'orders_payment', 'orders_shipment', 'orders_shipmentitem',
    'catalog_stockmovement');
SELECT format('DROP INDEX %I', indexname) FROM bench_index \gexec
SET session_replication_role = replica;

INSERT INTO catalog_stockmovement (sku_id, delta, balance, reason, reference, created_at)
SELECT sku.id, start.stock, start.stock, 'initial', '', '2025-01-01'
FROM catalog_sku AS sku
CROSS JOIN LATERAL (
    SELECT CASE WHEN sku.id = 1 THEN :hot_stock ELSE :stock END AS stock
) AS start
ORDER BY sku.id;

CREATE UNLOGGED TABLE bench_order AS
SELECT n AS id, lpad(n::text, 24, 'B000000000000000000000') AS order_no,
    n % 10 = 0 AS is_cancelled,
    1 + (hashint8(n + 2000000011) & 2147483647) % :shoppers AS user_id,
    timestamptz '2025-01-01 00:00+08' + n * (interval '1 year' / :orders) AS at
FROM generate_series(1, :orders) AS n;

INSERT INTO orders_order (id, order_no, user_id, status, goods_amount, freight_amount,
    discount_amount, total_amount, name, phone, province, city, district, detail,
    remark, request_hash, expires_at, due_at, close_reason, paid_at, shipped_at,
    completed_at, cancelled_at, created_at, updated_at)
SELECT o.id, o.order_no, o.user_id,
    CASE WHEN o.is_cancelled THEN 'cancelled' ELSE 'completed' END,
    lines.amount, 0, 0, lines.amount, '买家' || o.user_id,
    '138' || lpad(o.user_id::text, 8, '0'), '浙江省', '杭州市', '西湖区',
    '文三路' || o.id % 1000 || '号', '', '', o.at + interval '30 minutes',
    o.at + interval '30 minutes', CASE WHEN o.is_cancelled THEN '超时未付款' ELSE '' END,
    CASE WHEN NOT o.is_cancelled THEN o.at + interval '1 minute' END,
    CASE WHEN NOT o.is_cancelled THEN o.at + interval '1 day' END,
    CASE WHEN NOT o.is_cancelled THEN o.at + interval '9 days' END,
    CASE WHEN o.is_cancelled THEN o.at + interval '30 minutes' END,
    o.at, o.at + interval '9 days'
FROM bench_order AS o
JOIN (
    SELECT order_id, sum(quantity * (5 + product_id % 500)) AS amount
    FROM bench_line GROUP BY order_id
) AS lines ON lines.order_id = o.id
ORDER BY o.id;

INSERT INTO orders_orderitem
    (order_id, sku_id, product_id, name, specs, price, quantity, image)
SELECT line.order_id, product.id, product.id, product.name,
    CASE WHEN product.id % 10 = 0 THEN '{"尺码": "S"}' ELSE '{}' END::jsonb,
    product.price, line.quantity,
    'uploads/202501/' || md5((product.id % 64)::text) || '.jpg'
FROM bench_line AS line JOIN catalog_product AS product ON product.id = line.product_id
ORDER BY line.order_id, line.line;

INSERT INTO orders_orderevent
    (order_id, from_status, to_status, operator_id, reason, created_at)
SELECT o.id, step.old, step.new, CASE WHEN step.old = '' THEN o.user_id END, '', o.at
FROM bench_order AS o
JOIN (VALUES (0, true, '', 'pending'), (1, true, 'pending', 'cancelled'),
    (0, false, '', 'pending'), (1, false, 'pending', 'paid'),
    (2, false, 'paid', 'shipped'), (3, false, 'shipped', 'completed')
) AS step (place, is_cancelled, old, new) ON step.is_cancelled = o.is_cancelled
ORDER BY o.id, step.place;

-- Of a cancelled order every piece came back.
INSERT INTO catalog_stockmovement (sku_id, delta, balance, reason, reference, created_at)
SELECT product_id, delta, CASE WHEN product_id = 1 THEN :hot_stock ELSE :stock END
    + sum(delta) OVER (PARTITION BY product_id ORDER BY order_id, place),
    reason, order_no, at
FROM (
    SELECT line.product_id, line.order_id, step.place, o.order_no, o.at, step.reason,
        step.sign * line.quantity AS delta
    FROM bench_line AS line JOIN bench_order AS o ON o.id = line.order_id
    JOIN (VALUES (0, 'order', -1), (1, 'order_cancelled', 1)) AS step (place, reason, sign)
        ON step.place = 0 OR line.is_cancelled
) AS moved
ORDER BY order_id, place, product_id;

INSERT INTO orders_payment (order_id, out_trade_no, amount, state, expires_at,
    prepay_id, transaction_id, facts, paid_at, refund_amount, created_at, updated_at)
SELECT id, order_no || 'T01', total_amount, 'succeeded', expires_at, 'wx' || id,
    '4200' || lpad(id::text, 24, '0'),
    jsonb_build_object('amount', jsonb_build_object('total', (total_amount * 100)::bigint)),
    paid_at, 0, created_at, paid_at
FROM orders_order WHERE status = 'completed' ORDER BY id;

INSERT INTO orders_shipment (id, order_id, carrier, tracking_no, shipped_at)
SELECT id, id, 'SF', 'SF' || lpad(id::text, 12, '0'), shipped_at
FROM orders_order WHERE status = 'completed' ORDER BY id;
INSERT INTO orders_shipmentitem (shipment_id, order_item_id, quantity)
SELECT item.order_id, item.id, item.quantity
FROM orders_orderitem AS item JOIN bench_order AS o ON o.id = item.order_id
WHERE NOT o.is_cancelled ORDER BY item.id;

SET session_replication_role = DEFAULT;
SELECT indexdef FROM bench_index \gexec
DROP TABLE bench_line, bench_order;

-- Rows of given numbers leave the sequences behind.
SELECT format('SELECT setval(%L, (SELECT max(id) FROM %I))',
    pg_get_serial_sequence(name, 'id'), name)
FROM unnest('{catalog_category,catalog_product,catalog_sku,accounts_user,orders_order,
    orders_shipment}'::text[]) AS name \gexec
VACUUM (FREEZE, ANALYZE);
CHECKPOINT;
