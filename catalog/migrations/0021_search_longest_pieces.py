"""A keyword asks the index for its longest pieces alone: who has them has the others.

The single characters of two stand in a hundred times as many products as the two
together, and the index went through all of those.
"""

from django.db import migrations

ASKED = """
CREATE FUNCTION catalog_search_asked(folded text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    chars text[] := string_to_array(folded, NULL);
BEGIN
    RETURN ARRAY(
        SELECT DISTINCT piece FROM (
            SELECT folded AS piece WHERE char_length(folded) = 1
            UNION ALL
            SELECT b || c
            FROM unnest(NULL::text || chars, chars, chars[2:], chars[3:])
                AS around (a, b, c, d)
            WHERE coalesce(octet_length(a || b || c), 0) <> 3
                AND coalesce(octet_length(b || c || d), 0) <> 3
            UNION ALL
            SELECT a || b || c
            FROM unnest(chars, chars[2:], chars[3:]) AS triple (a, b, c)
            WHERE octet_length(a || b || c) = 3
        ) AS pieces
        WHERE piece IS NOT NULL
    );
END $$;
"""
ASKED_REVERSE = "DROP FUNCTION catalog_search_asked(text);"

MATCHES = """
CREATE OR REPLACE FUNCTION catalog_search_matches(
    name text, description text, keyword text
)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN catalog_search_terms(name, description) COLLATE "C"
        @> {pieces}(catalog_search_fold(keyword))
    AND (
        char_length(catalog_search_fold(keyword)) <= 2
        OR octet_length(catalog_search_fold(keyword)) <= 3
        OR strpos(name, catalog_search_fold(keyword)) > 0
        OR strpos(description, catalog_search_fold(keyword)) > 0
    );
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0020_region_key")]

    operations = [
        migrations.RunSQL(ASKED, ASKED_REVERSE),
        migrations.RunSQL(
            MATCHES.format(pieces="catalog_search_asked"),
            MATCHES.format(pieces="catalog_search_pieces"),
        ),
    ]
