"""Freight is reckoned from the lines, whatever the sizes of the tables are."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parents[1] / "sql"
FREIGHT = (_SQL / "0041_freight_of.sql").read_text()
FREIGHT_REVERSE = (_SQL / "0028_freight_of.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("orders", "0040_reviews")]

    operations = [migrations.RunSQL(FREIGHT, FREIGHT_REVERSE)]
