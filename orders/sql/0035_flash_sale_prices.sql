-- Prices the lines of orders by the flash sales that run when each order is placed.
--
-- lines: [{place, sku, price, quantity}] of any number of orders, told apart by `place`;
--     one without a SKU is in no sale.
-- asked: [{place, user, now}]: whose order it is, and since when.
--
-- Returns the lines. One of a SKU in a sale has its price there, and beside it
--     {sale: id of the sale's line, sale_left: pieces that may go for it, user_left:
--     pieces that the shopper may still have, null without a limit}.
--
-- With fewer pieces than the sale asks for, and where the SKU itself costs no more, it
-- costs what it always does. That there are not enough pieces left is for the caller
-- to refuse: the shopper has seen the sale's price, and is to pay no other.
CREATE OR REPLACE FUNCTION flash_sale_prices(lines jsonb, asked jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
-- As orders_place has them, which sees them changed for as long as this runs.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_material = off
AS $$
BEGIN
    RETURN (
        SELECT jsonb_agg(CASE
            WHEN own.id IS NULL THEN line
            ELSE line || jsonb_build_object(
                'price', own.price, 'sale', own.id, 'sale_left', own.stock - own.sold,
                'user_left', own.user_limit - coalesce(taking.quantity, 0)
            )
        END)
        FROM jsonb_array_elements(lines) AS line
        CROSS JOIN LATERAL jsonb_to_record(line) AS wanted (
            place integer, sku bigint, price numeric, quantity integer
        )
        JOIN jsonb_to_recordset(asked) AS one (
            place integer, "user" bigint, now timestamptz
        ) ON one.place = wanted.place
        LEFT JOIN catalog_flashsalesku AS own ON own.sku_id = wanted.sku
            AND own.ends_at > now AND own.starts_at <= now
            AND own.min_quantity <= wanted.quantity AND own.price < wanted.price
        LEFT JOIN orders_flashsaletaking AS taking
            ON taking.flash_sale_sku_id = own.id AND taking.user_id = "user"
    );
END $$;
