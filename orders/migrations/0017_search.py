"""The indexes of the search box, made while the shop goes on selling."""

from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0016_sheet_permissions")]

    operations = [
        AddIndexWhileSelling(
            model_name="order",
            index=models.Index(
                fields=["phone", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="order_phone",
            ),
        ),
        AddIndexWhileSelling(
            model_name="order",
            index=models.Index(
                fields=["name", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="order_name",
            ),
        ),
    ]
