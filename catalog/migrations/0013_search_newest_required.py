"""Every row of the keyword index has what a plain search counts and sorts by."""

from django.db import migrations, models

# Validating it keeps nobody waiting, and once it holds NOT NULL is set without reading
# the table under a lock that does.
CHECK = """
ALTER TABLE catalog_productsearch
DROP CONSTRAINT IF EXISTS productsearch_filled,
ADD CONSTRAINT productsearch_filled
CHECK (on_sale IS NOT NULL AND created_at IS NOT NULL) NOT VALID
"""
VALIDATE = "ALTER TABLE catalog_productsearch VALIDATE CONSTRAINT productsearch_filled"
CHECK_DROP = """
ALTER TABLE catalog_productsearch DROP CONSTRAINT IF EXISTS productsearch_filled
"""


class Migration(migrations.Migration):
    # Each statement gives its lock up; broken off, it begins anew.
    atomic = False
    dependencies = [("catalog", "0012_search_newest_fill")]

    operations = [
        migrations.RunSQL(CHECK, CHECK_DROP),
        migrations.RunSQL(VALIDATE, migrations.RunSQL.noop),
        migrations.AlterField(
            "productsearch", "on_sale", models.BooleanField(editable=False)
        ),
        migrations.AlterField(
            "productsearch", "created_at", models.DateTimeField(editable=False)
        ),
        migrations.RunSQL(CHECK_DROP, migrations.RunSQL.noop),
    ]
