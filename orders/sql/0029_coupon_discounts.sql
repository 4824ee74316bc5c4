-- What coupons take off orders: asked before one is placed, and while it is.
--
-- wanted: [{place, claim, freight, now}], a claim each that an order would use. One
--     order may be asked about with several.
-- lines: [{place, sku, product, price, quantity}], what the orders are of; more fields,
--     and lines without a SKU, are passed over.
--
-- Returns each claim with
--     problem: NULL, or why it can't be used: used, expired, not_yet, other_goods,
--         too_little, nothing_off
--     missing: what the goods that it counts for cost too little
--     begins: when its time begins
--     discount, shares {sku: amount}: what it takes off, and off which line; the
--         shares make the discount. NULL with a problem.
-- A discount is no more than those goods cost, and leaves 0.01 to be paid. A percentage
-- is cut to the fen. Who gets the fen that are left over when a discount is shared: the
-- lines that lack most of one, of equals that with the smaller SKU.
--
-- Locks nothing: what a coupon takes off is fixed once it can be claimed.
CREATE OR REPLACE FUNCTION coupon_discounts(wanted jsonb, lines jsonb)
RETURNS TABLE (
    place integer, claim bigint, problem text, missing numeric, begins timestamptz,
    discount numeric, shares jsonb
)
LANGUAGE sql STABLE
AS $$
    WITH line AS MATERIALIZED (
        SELECT line.place, sku, product, category_id AS category,
            line.price * quantity AS amount
        FROM jsonb_to_recordset(lines) AS line (
            place integer, sku bigint, product bigint, price numeric, quantity integer
        )
        JOIN catalog_product ON catalog_product.id = product
        WHERE sku IS NOT NULL
    ), offer AS MATERIALIZED (
        SELECT one.place, one.claim, freight, now, order_id, own.valid_from,
            own.valid_until, minimum_amount, amount, percent_off, scope, target_ids
        FROM jsonb_to_recordset(wanted) AS one (
            place integer, claim bigint, freight numeric, now timestamptz
        )
        JOIN orders_couponclaim AS own ON own.id = one.claim
        JOIN orders_coupon AS coupon ON coupon.id = coupon_id
    ), part AS MATERIALIZED (
        SELECT offer.place, offer.claim, sku, line.amount
        FROM offer JOIN line ON line.place = offer.place
        WHERE CASE scope
            WHEN 'all' THEN true
            WHEN 'products' THEN product = ANY (target_ids)
            ELSE EXISTS (
                WITH RECURSIVE above (id) AS (
                    SELECT category
                    UNION
                    SELECT parent_id FROM above JOIN catalog_category USING (id)
                )
                SELECT FROM above WHERE id = ANY (target_ids)
            )
        END
    ), priced AS (
        SELECT offer.*, part.eligible, least(
            part.eligible,
            CASE WHEN percent_off IS NULL THEN amount
                ELSE least(amount, trunc(part.eligible * percent_off / 100, 2)) END,
            goods + freight - 0.01
        ) AS discount
        FROM offer, LATERAL (
            SELECT coalesce(sum(line.amount), 0) AS goods
            FROM line WHERE line.place = offer.place
        ) AS line, LATERAL (
            SELECT coalesce(sum(part.amount), 0) AS eligible FROM part
            WHERE part.place = offer.place AND part.claim = offer.claim
        ) AS part
    ), judged AS (
        SELECT *, CASE
            WHEN order_id IS NOT NULL THEN 'used'
            WHEN valid_until <= now THEN 'expired'
            WHEN valid_from > now THEN 'not_yet'
            WHEN eligible = 0 THEN 'other_goods'
            WHEN eligible < minimum_amount THEN 'too_little'
            WHEN discount < 0.01 THEN 'nothing_off'
        END AS problem
        FROM priced
    ), shared AS (
        SELECT part.place, part.claim, sku, 0.01 * (fen + CASE
            WHEN row_number() OVER (
                PARTITION BY part.place, part.claim ORDER BY rest DESC, sku
            ) <= 100 * judged.discount - sum(fen) OVER (
                PARTITION BY part.place, part.claim
            ) THEN 1 ELSE 0 END) AS share
        FROM judged JOIN part USING (place, claim), LATERAL (
            SELECT div(100 * judged.discount * part.amount, eligible) AS fen,
                mod(100 * judged.discount * part.amount, eligible) AS rest
        ) AS portion
        WHERE judged.problem IS NULL
    )
    SELECT judged.place, judged.claim, judged.problem,
        greatest(minimum_amount - eligible, 0), valid_from,
        CASE WHEN judged.problem IS NULL THEN judged.discount END, (
            SELECT jsonb_object_agg(sku, share) FROM shared
            WHERE shared.place = judged.place AND shared.claim = judged.claim
        )
    FROM judged
$$;
