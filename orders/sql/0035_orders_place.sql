-- Places the orders of one call in one transaction and answers each of them.
--
-- asked: [{place, user, number, key, hash, again, address, destination, remark, cart,
--     coupon, now, expires, wishes: [{rank, product, sku, quantity}]}], the places
--     counted from 0 in the order of arrival. `address` is an id of the shopper's book,
--     `destination` the fields of an address that was written out. `again`: the number
--     was tried before, and nobody knows what became of it. `cart`: the SKUs leave the
--     shopper's cart. `coupon`: the id of one of which the shopper holds some; the order
--     uses the one that ends first.
-- patience: how long to wait for each lock; NULL: as long as the session does.
--
-- Returns, by place, one of
--     {placed: id, goods, freight, discount, total, claim, lines: [{id, product, sku,
--         name, specs, price, quantity, discount, image, sale}], destination}
--     {earlier: id}, an order of the same key, or of the same number
--     {refused: slug, lines: [{problem, product, wished, sku, name, quantity,
--         available}], coupon: {problem, missing, begins}}, the lines being those with a
--         problem
-- Nothing is written for an order that is refused, and it does not disturb the others.
--
-- Locks: the keys, which nobody waits for; the SKUs in primary-key order; then the
-- shoppers, in theirs, against their deletion; then, in theirs, what they hold of the
-- coupons; then the lines of their carts. What is sold in a flash sale, and what a
-- shopper has taken of it, is written under the lock of its SKU. Each statement below
-- sees what had been committed when it began: what it reads of a locked row is the latest.
CREATE OR REPLACE FUNCTION orders_place(
    asked jsonb, quantity_max integer, amount_max numeric, patience text
) RETURNS SETOF jsonb
LANGUAGE plpgsql
-- Plans that are made once for a connection, with an index for each look-up, however
-- small the tables are when it is made.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_material = off
AS $$
DECLARE
    claimed integer[];
    answers jsonb;
    destinations jsonb;
    sku_ids bigint[];
    product_ids bigint[];
    locked bigint[];
    shoppers bigint[];
    lines jsonb;
    in_sale boolean := false;
    shortages jsonb := '{}';
    freights jsonb := '{}';
    holders bigint[];
    coupons bigint[];
    held bigint[];
    discounts jsonb := '{}';
    refused record;
BEGIN
    IF patience IS NOT NULL THEN
        PERFORM set_config('lock_timeout', patience, true);
    END IF;

    -- The first with a key claims it; of twins in one call that is the first in place.
    claimed := ARRAY(
        SELECT min(place)
        FROM jsonb_to_recordset(asked) AS one (place integer, "user" bigint, key text)
        WHERE key IS NOT NULL
        GROUP BY "user", key
        HAVING pg_try_advisory_xact_lock(hashtextextended("user" || ':' || key, 0))
    );

    -- What can be answered without a lock, and the addresses of the books.
    SELECT
        coalesce(jsonb_object_agg(place, CASE
            WHEN earlier.id IS NOT NULL AND earlier.request_hash = hash
                THEN jsonb_build_object('earlier', earlier.id)
            WHEN earlier.id IS NOT NULL THEN '{"refused": "idempotency_conflict"}'
            WHEN key IS NOT NULL AND place <> ALL (claimed)
                THEN '{"refused": "request_in_progress"}'
            WHEN address IS NOT NULL AND book.name IS NULL
                THEN '{"refused": "address_not_found"}'
            WHEN address IS NULL AND destination IS NULL
                THEN '{"refused": "address_missing"}'
        END) FILTER (
            WHERE earlier.id IS NOT NULL
            OR key IS NOT NULL AND place <> ALL (claimed)
            OR address IS NOT NULL AND book.name IS NULL
            OR address IS NULL AND destination IS NULL
        ), '{}'),
        jsonb_object_agg(place, coalesce(to_jsonb(book), destination))
    INTO answers, destinations
    FROM jsonb_to_recordset(asked) AS one (
        place integer, "user" bigint, key text, hash text, address bigint,
        destination jsonb
    )
    LEFT JOIN orders_order AS earlier
        ON earlier.user_id = "user" AND earlier.idempotency_key = key
    LEFT JOIN LATERAL (
        SELECT name, phone, province, city, district, detail
        FROM accounts_address AS own WHERE own.id = address AND own.user_id = "user"
    ) AS book ON true;

    SELECT array_agg(sku) FILTER (WHERE sku IS NOT NULL),
        array_agg(product) FILTER (WHERE sku IS NULL)
    INTO sku_ids, product_ids
    FROM jsonb_to_recordset(asked) AS one (place integer, wishes jsonb),
        jsonb_to_recordset(wishes) AS wish (product bigint, sku bigint)
    WHERE NOT answers ? place::text;

    locked := ARRAY(
        SELECT id FROM catalog_sku
        WHERE id = ANY (sku_ids) OR product_id = ANY (product_ids) AND is_active
        ORDER BY id FOR NO KEY UPDATE
    );

    shoppers := ARRAY(
        SELECT id FROM accounts_user
        WHERE is_active AND id = ANY (ARRAY(
            SELECT "user" FROM jsonb_to_recordset(asked)
                AS one (place integer, "user" bigint)
            WHERE NOT answers ? place::text
        ))
        ORDER BY id FOR KEY SHARE
    );

    IF asked @? '$[*].coupon ? (@ > 0)' THEN
        SELECT array_agg("user"), array_agg(coupon) INTO holders, coupons
        FROM jsonb_to_recordset(asked)
            AS one (place integer, "user" bigint, coupon bigint)
        WHERE coupon IS NOT NULL AND NOT answers ? place::text;
        held := ARRAY(
            SELECT id FROM orders_couponclaim
            WHERE user_id = ANY (holders) AND coupon_id = ANY (coupons)
                AND order_id IS NULL
            ORDER BY id FOR NO KEY UPDATE
        );
    END IF;

    -- Under the locks: what an earlier try has placed, whose outcome was unknown.
    IF asked @? '$[*].again ? (@ == true)' THEN
        answers := answers || (
            SELECT coalesce(
                jsonb_object_agg(place, jsonb_build_object('earlier', tried.id)), '{}'
            )
            FROM jsonb_to_recordset(asked) AS one (
                place integer, "user" bigint, number text, again boolean,
                now timestamptz
            )
            JOIN orders_order AS tried ON tried.order_no = number
                AND tried.user_id = "user" AND tried.created_at = now
            WHERE again
        );
    END IF;

    -- The lines, those of one SKU merged. `choices` SKUs that can be bought are meant;
    -- where it is not one, `wished` is what the shopper asked for.
    lines := (
        SELECT jsonb_agg(to_jsonb(line)) FROM (
            SELECT place, any_value("user") AS "user", min(rank) AS rank,
                any_value(wish.product) AS product, any_value(wish.sku) AS wished,
                sum(quantity) AS quantity, bool_or(is_new) AS is_new,
                any_value(choices) AS choices,
                CASE WHEN any_value(choices) = 1 THEN any_value(offer.id) END AS sku,
                any_value(name) AS name, any_value(specs) AS specs,
                any_value(price) AS price, any_value(stock) AS stock,
                any_value(image) AS image
            FROM jsonb_to_recordset(asked)
                AS one (place integer, "user" bigint, wishes jsonb),
            jsonb_to_recordset(wishes)
                AS wish (rank integer, product bigint, sku bigint, quantity integer),
            LATERAL (
                SELECT count(*) AS choices, bool_or(sku.id <> ALL (locked)) AS is_new,
                    any_value(sku.id) AS id, any_value(product.name) AS name,
                    any_value(specs) AS specs, any_value(sku.price) AS price,
                    any_value(stock) AS stock, any_value(
                        CASE WHEN sku.image <> '' THEN sku.image ELSE coalesce((
                            SELECT file FROM catalog_productimage AS picture
                            WHERE picture.product_id = product.id
                            ORDER BY position, picture.id LIMIT 1
                        ), '') END
                    ) AS image
                FROM catalog_product AS product
                JOIN catalog_sku AS sku ON sku.product_id = product.id
                WHERE product.id = wish.product AND product.status = 'on_sale'
                    AND sku.is_active AND (wish.sku IS NULL OR sku.id = wish.sku)
            ) AS offer
            WHERE NOT answers ? place::text
            GROUP BY place, CASE WHEN choices = 1 THEN offer.id END,
                CASE WHEN choices <> 1 THEN rank END
        ) AS line
    );

    -- The prices of the sales that run. The others of the call were asked for within the
    -- hour before the first: what was over by then is nobody's.
    IF EXISTS (
        SELECT FROM catalog_flashsalesku
        WHERE sku_id = ANY (locked)
            AND ends_at > (asked #>> '{0,now}')::timestamptz - interval '1 hour'
    ) THEN
        lines := flash_sale_prices(lines, asked);
        in_sale := lines @? '$[*].sale ? (@ > 0)';
    END IF;

    -- What an order costs beside its goods, and what is taken off them, are functions of
    -- their own, which a preview asks too: of the lines alone, not of other orders.
    IF EXISTS (SELECT FROM catalog_freighttemplate) THEN
        freights := freight_of(lines, destinations);
    END IF;

    -- Each may take what those before it leave: refuse the first that can't be placed,
    -- until all others can.
    LOOP
        IF in_sale THEN
            shortages := (
                SELECT coalesce(jsonb_object_agg(
                    place || ':' || sku, CASE WHEN quantity > for_all THEN
                        jsonb_build_object(
                            'problem', 'sale_sold_out', 'available', for_all
                        )
                    ELSE
                        jsonb_build_object(
                            'problem', 'sale_limit', 'available', for_one
                        )
                    END
                ), '{}')
                FROM (
                    SELECT *, sale_left - coalesce(sum(quantity) OVER (
                        PARTITION BY sale ORDER BY place
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ), 0) AS for_all, user_left - coalesce(sum(quantity) OVER (
                        PARTITION BY sale, "user" ORDER BY place
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ), 0) AS for_one
                    FROM jsonb_to_recordset(lines) AS line (
                        place integer, "user" bigint, sku bigint, quantity integer,
                        sale bigint, sale_left integer, user_left integer
                    )
                    WHERE sale IS NOT NULL AND NOT answers ? place::text
                ) AS line
                WHERE quantity > for_all OR quantity > for_one
            );
        END IF;
        -- At one moment for all places: each turn is of the same list.
        IF held IS NOT NULL THEN
            WITH chosen AS MATERIALIZED (
                SELECT one.place, one.now, own.id AS claim, coalesce(
                    (freights #>> ARRAY[place::text, 'amount'])::numeric, 0
                ) AS freight
                FROM (
                    SELECT place, "user", coupon, max(now) OVER () AS now,
                    row_number() OVER (
                        PARTITION BY "user", coupon ORDER BY place
                    ) AS turn
                    FROM jsonb_to_recordset(asked) AS one (
                        place integer, "user" bigint, coupon bigint, now timestamptz
                    )
                    WHERE coupon IS NOT NULL AND NOT answers ? place::text
                ) AS one LEFT JOIN LATERAL (
                    SELECT id FROM orders_couponclaim
                    WHERE id = ANY (held) AND order_id IS NULL
                        AND user_id = "user" AND coupon_id = coupon AND valid_until > now
                    ORDER BY valid_from > now, valid_until, id
                    OFFSET turn - 1 LIMIT 1
                ) AS own ON true
            )
            SELECT jsonb_object_agg(chosen.place, jsonb_build_object(
                'claim', chosen.claim,
                'problem', CASE WHEN off.claim IS NULL THEN 'none' ELSE problem END,
                'missing', missing::text, 'begins', begins,
                'discount', discount, 'shares', shares
            )) INTO discounts
            FROM chosen LEFT JOIN coupon_discounts(
                (SELECT jsonb_agg(to_jsonb(chosen)) FROM chosen), lines
            ) AS off ON off.place = chosen.place;
        END IF;
        SELECT * INTO refused FROM (
            SELECT place,
                CASE
                    WHEN bool_or(is_new) THEN 'busy'
                    WHEN bool_or(problem = 'sku_not_chosen') THEN 'sku_not_chosen'
                    WHEN bool_or(problem = 'not_on_sale') THEN 'not_on_sale'
                    WHEN bool_or(problem = 'quantity_too_large')
                        THEN 'quantity_too_large'
                    WHEN bool_or(problem = 'insufficient_stock')
                        THEN 'insufficient_stock'
                    WHEN bool_or(problem = 'sale_sold_out') THEN 'sale_sold_out'
                    WHEN bool_or(problem = 'sale_limit') THEN 'sale_limit'
                    WHEN bool_or(problem = 'region_not_served')
                        THEN 'region_not_served'
                    WHEN discounts #>> ARRAY[place::text, 'problem'] IS NOT NULL
                        THEN 'coupon_not_usable'
                    WHEN sum(price * quantity) + coalesce(
                        (freights #>> ARRAY[place::text, 'amount'])::numeric, 0
                    ) - coalesce(
                        (discounts #>> ARRAY[place::text, 'discount'])::numeric, 0
                    ) > amount_max THEN 'amount_too_large'
                    WHEN any_value("user") <> ALL (shoppers) THEN 'user_not_found'
                END AS verdict,
                jsonb_agg(jsonb_build_object(
                    'problem', problem, 'product', product, 'wished', wished,
                    'sku', sku, 'name', name, 'quantity', quantity,
                    'available', CASE WHEN problem LIKE 'sale%'
                        THEN shortages #> ARRAY[place || ':' || sku, 'available']
                        ELSE to_jsonb(available) END
                ) ORDER BY sku, rank) FILTER (WHERE problem IS NOT NULL) AS lines
            FROM (
                SELECT *, CASE
                    WHEN choices > 1 THEN 'sku_not_chosen'
                    WHEN choices = 0 THEN 'not_on_sale'
                    WHEN quantity > quantity_max THEN 'quantity_too_large'
                    WHEN quantity > available THEN 'insufficient_stock'
                    WHEN in_sale AND shortages ? (place || ':' || sku)
                        THEN shortages #>> ARRAY[place || ':' || sku, 'problem']
                    WHEN freights #> ARRAY[place::text, 'unserved'] @> to_jsonb(sku)
                        THEN 'region_not_served'
                END AS problem
                FROM (
                    SELECT *, stock - coalesce(sum(quantity) OVER (
                        PARTITION BY sku ORDER BY place
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ), 0) AS available
                    FROM jsonb_to_recordset(lines) AS line (
                        place integer, "user" bigint, rank integer, product bigint,
                        wished bigint, quantity integer, is_new boolean, choices integer,
                        sku bigint, name text, price numeric, stock integer
                    )
                    WHERE NOT answers ? place::text
                ) AS line
            ) AS line
            GROUP BY place
        ) AS judged
        WHERE verdict IS NOT NULL ORDER BY place LIMIT 1;
        EXIT WHEN NOT FOUND;
        answers := answers || jsonb_build_object(
            refused.place,
            jsonb_build_object(
                'refused', refused.verdict, 'lines', refused.lines,
                'coupon', discounts -> refused.place::text
            )
        );
    END LOOP;

    WITH one AS MATERIALIZED (
        SELECT *, destinations -> place::text AS destination
        FROM jsonb_to_recordset(asked) AS one (
            place integer, "user" bigint, number text, key text, hash text,
            remark text, now timestamptz, expires timestamptz
        )
        WHERE NOT answers ? place::text
    ), line AS MATERIALIZED (
        SELECT *, sum(quantity) OVER (PARTITION BY sku ORDER BY place) AS taken
        FROM jsonb_to_recordset(lines) AS line (
            place integer, sku bigint, product bigint, name text, specs jsonb,
            price numeric, quantity integer, stock integer, image text, sale bigint
        )
        WHERE NOT answers ? place::text
    ), placed AS (
        INSERT INTO orders_order (
            order_no, user_id, status, goods_amount, freight_amount, discount_amount,
            total_amount, name, phone, province, city, district, detail, remark,
            idempotency_key, request_hash, expires_at, due_at, close_reason,
            created_at, updated_at, coupon_claim_id
        )
        SELECT number, "user", 'pending', goods, freight, discount,
            goods + freight - discount,
            destination ->> 'name', destination ->> 'phone',
            destination ->> 'province', destination ->> 'city',
            destination ->> 'district', destination ->> 'detail', remark,
            key, hash, expires, expires, '', now, now,
            (discounts #>> ARRAY[place::text, 'claim'])::bigint
        FROM one
        JOIN (
            SELECT place, sum(price * quantity) AS goods, coalesce(
                (freights #>> ARRAY[place::text, 'amount'])::numeric, 0
            ) AS freight, coalesce(
                (discounts #>> ARRAY[place::text, 'discount'])::numeric, 0
            ) AS discount
            FROM line GROUP BY place
        ) AS sums USING (place)
        ORDER BY place
        RETURNING id, order_no, goods_amount, freight_amount, discount_amount,
            total_amount, coupon_claim_id
    ), event AS (
        INSERT INTO orders_orderevent (
            order_id, from_status, to_status, operator_id, reason, created_at
        )
        SELECT id, '', 'pending', "user", '', now
        FROM placed JOIN one ON number = order_no ORDER BY place
    ), item AS (
        INSERT INTO orders_orderitem (
            order_id, sku_id, product_id, name, specs, price, quantity, image,
            discount_amount, flash_sale_sku_id
        )
        SELECT placed.id, sku, product, name, specs, price, quantity, image, coalesce(
            (discounts #>> ARRAY[place::text, 'shares', sku::text])::numeric, 0
        ), sale
        FROM placed JOIN one ON number = order_no JOIN line USING (place)
        ORDER BY place, sku
        RETURNING id, order_id, sku_id, discount_amount
    ), moved AS (
        UPDATE catalog_sku SET stock = catalog_sku.stock - taken
        FROM (SELECT sku, sum(quantity) AS taken FROM line GROUP BY sku) AS sums
        WHERE id = sku
    ), movement AS (
        INSERT INTO catalog_stockmovement (
            sku_id, delta, balance, reason, reference, created_at
        )
        SELECT sku, -quantity, stock - taken, 'order', number, clock_timestamp()
        FROM one JOIN line USING (place) ORDER BY place, sku
    )
    SELECT answers || coalesce(jsonb_object_agg(place, answer), '{}') INTO answers
    FROM (
        SELECT place, jsonb_build_object(
            'placed', any_value(placed.id),
            'goods', any_value(goods_amount)::text,
            'freight', any_value(freight_amount)::text,
            'discount', any_value(placed.discount_amount)::text,
            'total', any_value(total_amount)::text,
            'claim', any_value(coupon_claim_id),
            'destination', any_value(destination),
            'lines', jsonb_agg(jsonb_build_object(
                'id', item.id, 'product', product, 'sku', sku, 'name', line.name,
                'specs', specs, 'price', price::text, 'quantity', quantity,
                'discount', item.discount_amount::text, 'image', image, 'sale', sale
            ) ORDER BY sku)
        ) AS answer
        FROM placed JOIN one ON number = order_no JOIN line USING (place)
            JOIN item ON order_id = placed.id AND sku_id = sku
        GROUP BY place
    ) AS answered;

    IF held IS NOT NULL THEN
        UPDATE orders_couponclaim SET order_id = (answers -> key ->> 'placed')::bigint
        FROM jsonb_each(discounts)
        WHERE id = (value ->> 'claim')::bigint AND answers -> key ? 'placed';
    END IF;

    IF in_sale THEN
        WITH line AS (
            SELECT sale, "user", sum(quantity) AS quantity
            FROM jsonb_to_recordset(lines) AS line (
                place integer, "user" bigint, quantity integer, sale bigint
            )
            WHERE sale IS NOT NULL AND answers -> place::text ? 'placed'
            GROUP BY sale, "user"
        ), counted AS (
            UPDATE catalog_flashsalesku SET sold = sold + sums.quantity
            FROM (SELECT sale, sum(quantity) AS quantity FROM line GROUP BY sale) AS sums
            WHERE id = sale
        )
        INSERT INTO orders_flashsaletaking AS own (
            flash_sale_sku_id, user_id, quantity
        )
        SELECT sale, "user", quantity FROM line
        ON CONFLICT (flash_sale_sku_id, user_id)
            DO UPDATE SET quantity = own.quantity + excluded.quantity;
    END IF;

    IF asked @? '$[*].cart ? (@ == true)' THEN
        -- By ascending id, as whoever writes a cart locks its lines.
        WITH bought AS (
            SELECT own.id
            FROM orders_cartitem AS own, jsonb_to_recordset(asked) AS one (
                place integer, "user" bigint, cart boolean
            ), jsonb_to_recordset(lines) AS line (place integer, sku bigint)
            WHERE cart AND line.place = one.place AND own.user_id = "user"
                AND own.sku_id = sku AND answers -> one.place::text ? 'placed'
            ORDER BY own.id FOR UPDATE OF own
        )
        DELETE FROM orders_cartitem AS own USING bought WHERE own.id = bought.id;
    END IF;

    RETURN QUERY
        SELECT answers -> place::text
        FROM generate_series(0, jsonb_array_length(asked) - 1) AS place
        ORDER BY place;
END $$;
