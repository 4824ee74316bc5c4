"""What freight lines cost."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parents[1] / "sql"
FREIGHT = (_SQL / "0028_freight_of.sql").read_text()
FREIGHT_REVERSE = "DROP FUNCTION freight_of(jsonb, jsonb)"


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0014_freight"),
        ("orders", "0027_line_discount_checked"),
    ]

    operations = [migrations.RunSQL(FREIGHT, FREIGHT_REVERSE)]
