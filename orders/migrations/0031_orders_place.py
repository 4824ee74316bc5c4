"""Orders use coupons."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parents[1] / "sql"
PLACE = (_SQL / "0031_orders_place.sql").read_text()
REVERSE = (_SQL / "0028_orders_place.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("orders", "0030_coupon_roles")]

    operations = [migrations.RunSQL(PLACE, REVERSE)]
