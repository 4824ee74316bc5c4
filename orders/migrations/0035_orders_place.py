"""Orders cost what flash sales, freight and coupons make of them; carts let go."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parents[1] / "sql"
PRICES = (_SQL / "0035_flash_sale_prices.sql").read_text()
PRICES_REVERSE = "DROP FUNCTION flash_sale_prices(jsonb, jsonb)"
PLACE = (_SQL / "0035_orders_place.sql").read_text()
PLACE_REVERSE = (_SQL / "0022_orders_place.sql").read_text()


class Migration(migrations.Migration):
    # Its first name: see 0038.
    replaces = [("orders", "0037_orders_place")]
    dependencies = [("orders", "0034_flash_sale_takings")]

    operations = [
        migrations.RunSQL(PRICES, PRICES_REVERSE),
        migrations.RunSQL(PLACE, PLACE_REVERSE),
    ]
