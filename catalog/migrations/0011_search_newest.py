"""What a plain search counts and sorts by, beside the words: added, kept by triggers."""

from django.db import migrations, models

# In the order of whoever writes a product, whose triggers write the search's row after
# it: the other way round the two would wait for each other.
LOCK = "LOCK TABLE catalog_product IN SHARE ROW EXCLUSIVE MODE"
TRIGGER = """
CREATE OR REPLACE FUNCTION catalog_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_productsearch
        (product_id, name, description, on_sale, created_at)
    VALUES (
        NEW.id,
        catalog_search_fold(NEW.name),
        catalog_search_fold(catalog_search_visible(NEW.description)),
        NEW.status = 'on_sale',
        NEW.created_at
    )
    ON CONFLICT (product_id) DO UPDATE
    SET name = EXCLUDED.name, description = EXCLUDED.description,
        on_sale = EXCLUDED.on_sale, created_at = EXCLUDED.created_at;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER catalog_search_update
AFTER UPDATE OF name, description, status, created_at
ON catalog_product FOR EACH ROW
WHEN (
    (OLD.name, OLD.description, OLD.status = 'on_sale', OLD.created_at)
    IS DISTINCT FROM
    (NEW.name, NEW.description, NEW.status = 'on_sale', NEW.created_at)
)
EXECUTE FUNCTION catalog_search_keep();
"""
TRIGGER_REVERSE = """
CREATE OR REPLACE FUNCTION catalog_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_productsearch (product_id, name, description)
    VALUES (
        NEW.id,
        catalog_search_fold(NEW.name),
        catalog_search_fold(catalog_search_visible(NEW.description))
    )
    ON CONFLICT (product_id) DO UPDATE
    SET name = EXCLUDED.name, description = EXCLUDED.description;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER catalog_search_update AFTER UPDATE OF name, description
ON catalog_product FOR EACH ROW
WHEN ((OLD.name, OLD.description) IS DISTINCT FROM (NEW.name, NEW.description))
EXECUTE FUNCTION catalog_search_keep();
"""


class Migration(migrations.Migration):
    """Additive: the code before it reads the other columns and writes none."""

    dependencies = [("catalog", "0010_counts_kept")]

    operations = [
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        migrations.AddField(
            "productsearch",
            "on_sale",
            models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            "productsearch",
            "created_at",
            models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(TRIGGER, TRIGGER_REVERSE),
    ]
