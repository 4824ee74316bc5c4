-- One product of all with its SKUs and pictures.
\set id random(1, :products)
SELECT product.*, category.name, ARRAY(
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id
    ), (
        SELECT jsonb_agg(sku ORDER BY position, id) FROM catalog_sku AS sku
        WHERE product_id = product.id AND is_active
    )
FROM catalog_product AS product
LEFT JOIN catalog_category AS category ON category.id = product.category_id
WHERE product.id = :id AND product.status = 'on_sale';
