"""The function that places orders."""

from pathlib import Path

from django.db import migrations

FUNCTION = Path(__file__).parents[1] / "sql" / "0022_orders_place.sql"
REVERSE = "DROP FUNCTION orders_place(jsonb, integer, numeric, text)"


class Migration(migrations.Migration):
    dependencies = [("orders", "0021_roles")]

    operations = [migrations.RunSQL(FUNCTION.read_text(), REVERSE)]
