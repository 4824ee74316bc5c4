"""The number of products on sale, kept by triggers whatever writes a product."""

from django.db import migrations, models

# A statement appends one row for each category, however many products it writes. One
# that leaves the number but moves products in a list appends a change of 0; a sale
# moves none in a list that staff alone move, and appends nothing.
TRIGGERS = """
CREATE FUNCTION catalog_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_productcount (category_id, delta)
    SELECT category_id, count(*) FROM changed
    WHERE status = 'on_sale' GROUP BY category_id;
    RETURN NULL;
END $$;

CREATE FUNCTION catalog_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_productcount (category_id, delta)
    SELECT category_id, -count(*) FROM changed
    WHERE status = 'on_sale' GROUP BY category_id;
    RETURN NULL;
END $$;

CREATE FUNCTION catalog_count_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_productcount (category_id, delta)
    SELECT category_id, sum(delta) FROM (
        SELECT category_id, sum(delta) AS delta FROM (
            SELECT category_id, id, price, created_at, -1 FROM before
            WHERE status = 'on_sale'
            UNION ALL
            SELECT category_id, id, price, created_at, 1 FROM after
            WHERE status = 'on_sale'
        ) AS side (category_id, id, price, created_at, delta)
        GROUP BY category_id, id, price, created_at HAVING sum(delta) <> 0
    ) AS moved
    GROUP BY category_id;
    RETURN NULL;
END $$;

CREATE TRIGGER catalog_count_insert AFTER INSERT ON catalog_product
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_count_added();

CREATE TRIGGER catalog_count_delete AFTER DELETE ON catalog_product
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_count_removed();

CREATE TRIGGER catalog_count_update AFTER UPDATE ON catalog_product
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_count_moved();
"""
TRIGGERS_REVERSE = """
DROP TRIGGER catalog_count_update ON catalog_product;
DROP TRIGGER catalog_count_delete ON catalog_product;
DROP TRIGGER catalog_count_insert ON catalog_product;
DROP FUNCTION catalog_count_moved();
DROP FUNCTION catalog_count_removed();
DROP FUNCTION catalog_count_added();
"""
# In the transaction that made the triggers, which hold off every writer until it
# ends: what was committed before is counted here, what comes after by the triggers.
FILL = """
INSERT INTO catalog_productcount (category_id, delta)
SELECT category_id, count(*) FROM catalog_product
WHERE status = 'on_sale' GROUP BY category_id;
"""


class Migration(migrations.Migration):
    """Additive: to the code before it the triggers are unseen."""

    dependencies = [("catalog", "0009_product_addition")]

    operations = [
        migrations.CreateModel(
            name="ProductCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("category_id", models.BigIntegerField(null=True)),
                ("delta", models.BigIntegerField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(TRIGGERS, TRIGGERS_REVERSE),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
