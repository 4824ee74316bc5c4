"""What each order wrote or checked for nobody."""

import django.db.models.deletion
from django.db import migrations, models

# Numbers are compared byte by byte, so their unique index finds beginnings too. Django
# made this one before it knew the collation.
UNUSED = "orders_order_order_no_ac790d02_like"


class Migration(migrations.Migration):
    # DROP INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0022_orders_place")]

    operations = [
        migrations.AlterField(
            model_name="orderitem",
            name="product",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.product",
            ),
        ),
        migrations.RunSQL(
            f"DROP INDEX CONCURRENTLY IF EXISTS {UNUSED}",
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {UNUSED}"
            " ON orders_order (order_no varchar_pattern_ops)",
        ),
    ]
