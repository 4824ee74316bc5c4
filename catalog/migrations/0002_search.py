"""The keyword index: what finds it, what fills it, what keeps it."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import F, Func

# What a reader sees of a text (rich descriptions hold tags and entities), in one case.
# The builtin collation folds all of Unicode, whatever the database's own locale is.
FOLD = """
CREATE FUNCTION catalog_search_fold(text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN casefold($1 COLLATE pg_unicode_fast);

CREATE FUNCTION catalog_search_visible(text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(replace(replace(replace(replace(replace(
    regexp_replace($1, '</?[a-z]([^>"]|"[^"]*")*>', '', 'g'),
    chr(160), ' '), '&nbsp;', ' '),
    '&quot;', '"'), '&lt;', '<'), '&gt;', '>'), '&amp;', '&');
"""
FOLD_REVERSE = """
DROP FUNCTION catalog_search_visible(text);
DROP FUNCTION catalog_search_fold(text);
"""

# Functions that call functions have their bodies parsed here (RETURN): a restore and a
# rebuild of the index run without our schema in the search path.
#
# All distinct pieces of one and two characters, and of three ASCII ones (those of
# three bytes). The high cost keeps the planner from computing them row by row.
TERMS = """
CREATE FUNCTION catalog_search_pieces(folded text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    -- Slices walked in step: a subscript into an array of texts counts from its start.
    chars text[] := string_to_array(folded, NULL);
BEGIN
    RETURN ARRAY(
        SELECT DISTINCT piece FROM (
            SELECT unnest(chars) AS piece
            UNION ALL
            SELECT a || b FROM unnest(chars, chars[2:]) AS pair (a, b)
            UNION ALL
            SELECT a || b || c
            FROM unnest(chars, chars[2:], chars[3:]) AS triple (a, b, c)
            WHERE octet_length(a || b || c) = 3
        ) AS pieces
        WHERE piece IS NOT NULL
    );
END $$;

CREATE FUNCTION catalog_search_terms(name text, description text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN catalog_search_pieces(name) || catalog_search_pieces(description);
"""
TERMS_REVERSE = """
DROP FUNCTION catalog_search_terms(text, text);
DROP FUNCTION catalog_search_pieces(text);
"""

# One expression, not STRICT, so that the planner puts it into the query in place of
# the call and sees the index, which is collated as its columns are. A keyword that is
# one piece needs no second look.
MATCHES = """
CREATE FUNCTION catalog_search_matches(name text, description text, keyword text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN catalog_search_terms(name, description) COLLATE "C"
        @> catalog_search_pieces(catalog_search_fold(keyword))
    AND (
        char_length(catalog_search_fold(keyword)) <= 2
        OR octet_length(catalog_search_fold(keyword)) <= 3
        OR strpos(name, catalog_search_fold(keyword)) > 0
        OR strpos(description, catalog_search_fold(keyword)) > 0
    );
"""
MATCHES_REVERSE = "DROP FUNCTION catalog_search_matches(text, text, text);"

# Without statistics of its terms the planner always goes through the index; to gather
# them ANALYZE would compute the pieces of 30,000 products.
NO_STATISTICS = """
ALTER INDEX productsearch_terms ALTER COLUMN 1 SET STATISTICS 0;
"""

TRIGGER = """
CREATE FUNCTION catalog_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER catalog_search_insert AFTER INSERT ON catalog_product
FOR EACH ROW EXECUTE FUNCTION catalog_search_keep();

CREATE TRIGGER catalog_search_update AFTER UPDATE OF name, description
ON catalog_product FOR EACH ROW
WHEN ((OLD.name, OLD.description) IS DISTINCT FROM (NEW.name, NEW.description))
EXECUTE FUNCTION catalog_search_keep();

INSERT INTO catalog_productsearch (product_id, name, description)
SELECT
    id,
    catalog_search_fold(name),
    catalog_search_fold(catalog_search_visible(description))
FROM catalog_product
ON CONFLICT (product_id) DO NOTHING;
"""
TRIGGER_REVERSE = """
DROP TRIGGER catalog_search_update ON catalog_product;
DROP TRIGGER catalog_search_insert ON catalog_product;
DROP FUNCTION catalog_search_keep();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.RunSQL(FOLD, FOLD_REVERSE),
        migrations.RunSQL(TERMS, TERMS_REVERSE),
        migrations.RunSQL(MATCHES, MATCHES_REVERSE),
        migrations.AddIndex(
            "productsearch",
            GinIndex(
                Func(F("name"), F("description"), function="catalog_search_terms"),
                name="productsearch_terms",
                gin_pending_list_limit=512,
            ),
        ),
        migrations.RunSQL(NO_STATISTICS, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGER, TRIGGER_REVERSE),
    ]
