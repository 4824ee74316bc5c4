-- An order of `lines` products, each statement by itself; of product 1 alone when
-- `products` is 1. The books stay right.
\set user random(1, :shoppers)
\set first random(1, :products)
\set second 1 + (:first + random(0, :others)) % :products
\set tail random(0, 999999999999)
BEGIN;
SELECT sku.id, sku.stock, sku.price, sku.specs, sku.is_active, product.name,
    product.status, (
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id LIMIT 1
    )
FROM catalog_sku AS sku JOIN catalog_product AS product ON product.id = sku.product_id
WHERE sku.id IN (:first, :second) ORDER BY sku.id FOR NO KEY UPDATE OF sku;
INSERT INTO orders_order (order_no, user_id, status, goods_amount, freight_amount,
    discount_amount, total_amount, name, phone, province, city, district, detail, remark,
    request_hash, expires_at, due_at, close_reason, created_at, updated_at)
SELECT 'P' || to_char(clock_timestamp(), 'MMDDHH24MISS') || lpad(:tail::text, 12, '0'),
    :user, 'pending', sum(price), 0, 0, sum(price), '李雷', '13800138000', '浙江省',
    '杭州市', '西湖区', '文三路1号', '请尽快发货', '', now() + interval '30 minutes',
    now() + interval '30 minutes', '', now(), now()
FROM catalog_sku WHERE id IN (:first, :second)
RETURNING id AS order_id, order_no \gset
INSERT INTO orders_orderitem
    (order_id, sku_id, product_id, name, specs, price, quantity, image)
SELECT :order_id, sku.id, product.id, product.name, sku.specs, sku.price, 1, ''
FROM catalog_sku AS sku JOIN catalog_product AS product ON product.id = sku.product_id
WHERE sku.id IN (:first, :second);
UPDATE catalog_sku SET stock = stock - 1 WHERE id IN (:first, :second);
INSERT INTO catalog_stockmovement (sku_id, delta, balance, reason, reference, created_at)
SELECT id, -1, stock, 'order', :order_no, clock_timestamp()
FROM catalog_sku WHERE id IN (:first, :second);
INSERT INTO orders_orderevent
    (order_id, from_status, to_status, operator_id, reason, created_at)
VALUES (:order_id, '', 'pending', :user, '', now());
COMMIT;
