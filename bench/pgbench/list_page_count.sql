-- One page of the newest products and how many there are.
SELECT product.*, category.name, (
        SELECT sum(stock) FROM catalog_sku
        WHERE product_id = product.id AND is_active
    ), ARRAY(
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id
    )
FROM catalog_product AS product
LEFT JOIN catalog_category AS category ON category.id = product.category_id
WHERE product.status = 'on_sale'
ORDER BY product.created_at DESC, product.id DESC LIMIT 10;
SELECT count(*) FROM catalog_product WHERE status = 'on_sale';
