-- One of the first five pages of a category.
\set category random(1, 50)
\set start random(0, 4) * 10
SELECT product.*, category.name, (
        SELECT sum(stock) FROM catalog_sku
        WHERE product_id = product.id AND is_active
    ), ARRAY(
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id
    )
FROM catalog_product AS product
LEFT JOIN catalog_category AS category ON category.id = product.category_id
WHERE product.status = 'on_sale' AND product.category_id = :category
ORDER BY product.created_at DESC, product.id DESC LIMIT 10 OFFSET :start;
