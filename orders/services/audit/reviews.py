"""What must hold for reviews and how they rate products."""

CHECKS = {
    "rating": """
        SELECT 'product ' || product.id, format('is rated %%s stars by %%s, its public'
            ' reviews say %%s by %%s', product.rating_sum, product.rating_count,
            coalesce(real.stars, 0), coalesce(real.total, 0))
        FROM catalog_product product LEFT JOIN (
            SELECT product_id, count(*) AS total, sum(rating) AS stars
            FROM orders_review WHERE state = 'public' GROUP BY product_id
        ) AS real ON real.product_id = product.id
        WHERE (product.rating_count, product.rating_sum)
            <> (coalesce(real.total, 0), coalesce(real.stars, 0))
    """,
    "review_tally": """
        SELECT 'product ' || coalesce(real.product_id, kept.product_id),
            format('%%s public reviews of %%s stars, with pictures: %%s; the kept'
                ' count is %%s', coalesce(real.total, 0),
                coalesce(real.rating, kept.rating),
                coalesce(real.has_images, kept.has_images), coalesce(kept.count, 0))
        FROM (SELECT product_id, rating, has_images, count(*) AS total
              FROM orders_review WHERE state = 'public'
              GROUP BY product_id, rating, has_images) AS real
        FULL JOIN orders_reviewtally AS kept
            ON kept.product_id = real.product_id AND kept.rating = real.rating
            AND kept.has_images = real.has_images
        WHERE coalesce(real.total, 0) <> coalesce(kept.count, 0)
    """,
    "reviewed": """
        SELECT 'order ' || o.order_no, format('line %%s of product %%s: reviewed is'
            ' %%s, the review is of product %%s', item.id, item.product_id,
            item.is_reviewed, review.product_id)
        FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
        LEFT JOIN orders_review review ON review.order_item_id = item.id
        WHERE item.is_reviewed <> (review.id IS NOT NULL)
            OR review.product_id <> item.product_id
    """,
}
