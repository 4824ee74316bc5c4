-- Reckons the freight of orders by the templates of their products.
--
-- lines: [{place, sku, price, quantity}] of any number of orders, told apart by `place`;
--     one without a SKU counts for nothing.
-- destinations: {place: {province, city}}; an order without one has no freight yet.
--
-- Returns {place: {amount, unserved: [sku]}}: what the order's goods cost to send, and
-- those that are not sent there, null when all are. No entry: nothing.
--
-- The lines of a template count together, by the rule of the destination's city, else
-- its province, else of all other regions; what several templates cost adds up.
CREATE OR REPLACE FUNCTION freight_of(lines jsonb, destinations jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
-- As orders_place has them, which sees them changed for as long as this runs.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_material = off
-- From the lines to their rows, as it is written below.
SET join_collapse_limit = 1
AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_object_agg(place, freight), '{}')
        FROM (
            SELECT place, jsonb_build_object(
                'amount', coalesce(sum(
                    CASE
                        WHEN goods >= free_from THEN 0
                        ELSE first_fee + further_fee * ceil(
                            greatest(units - first_units, 0)::numeric / further_units
                        )
                    END
                ) FILTER (WHERE is_served), 0),
                'unserved', jsonb_path_query_array(
                    jsonb_agg(skus) FILTER (WHERE NOT is_served), '$[*][*]'
                )
            ) AS freight
            FROM (
                SELECT place, template.id AS template,
                    sum(line.price * quantity) AS goods,
                    sum(quantity * CASE unit
                        WHEN 'weight' THEN weight_grams::bigint ELSE 1
                    END) AS units,
                    jsonb_agg(sku) AS skus
                FROM jsonb_to_recordset(lines) AS line (
                    place integer, sku bigint, price numeric, quantity integer
                )
                JOIN catalog_sku AS own ON own.id = sku
                JOIN catalog_product AS product ON product.id = own.product_id
                JOIN catalog_freighttemplate AS template ON template.id = coalesce(
                    product.freight_template_id,
                    (SELECT id FROM catalog_freighttemplate WHERE is_default)
                )
                GROUP BY place, template.id
            ) AS parcel
            JOIN LATERAL (
                SELECT catalog_region_key(there ->> 'province') AS province,
                    catalog_region_key(there ->> 'city') AS city
                FROM (SELECT destinations -> place::text AS there) AS named
                WHERE there ->> 'province' IS NOT NULL
            ) AS destination ON true
            JOIN catalog_freightrule AS rule ON rule.id = coalesce(
                (
                    SELECT rule_id FROM catalog_freightregion
                    WHERE template_id = template AND is_city AND key = city
                ), (
                    SELECT rule_id FROM catalog_freightregion
                    WHERE template_id = template AND NOT is_city AND key = province
                ), (
                    SELECT id FROM catalog_freightrule
                    WHERE template_id = template AND is_fallback
                )
            )
            GROUP BY place
        ) AS reckoned
    );
END $$;
