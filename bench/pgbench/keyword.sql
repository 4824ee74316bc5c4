-- A page of the products that hold a word of two characters.
\set first random(19968, 20467)
\set second random(19968, 20467)
SELECT product.*, category.name, (
        SELECT sum(stock) FROM catalog_sku
        WHERE product_id = product.id AND is_active
    ), ARRAY(
        SELECT file FROM catalog_productimage
        WHERE product_id = product.id ORDER BY position, id
    )
FROM catalog_product AS product
LEFT JOIN catalog_category AS category ON category.id = product.category_id
WHERE product.status = 'on_sale' AND product.id IN (
    SELECT product_id FROM catalog_productsearch
    WHERE catalog_search_matches(name, description, chr(:first) || chr(:second))
)
ORDER BY product.created_at DESC, product.id DESC LIMIT 10;
