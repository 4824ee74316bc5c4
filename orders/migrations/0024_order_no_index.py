"""An index that each order wrote for nobody."""

from django.db import migrations

from shop.index_operations import DropIndexWhileSelling


class Migration(migrations.Migration):
    # DROP INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0023_order_diet")]

    operations = [
        # Numbers are compared byte by byte, so their unique index finds beginnings too.
        # Django made this one before it knew the collation.
        DropIndexWhileSelling(
            "orders_order_order_no_ac790d02_like",
            on="orders_order (order_no varchar_pattern_ops)",
        ),
    ]
