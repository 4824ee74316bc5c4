"""The index of what waits to be shipped, made while the shop goes on selling."""

from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0003_shipmentitem_fill")]

    operations = [
        AddIndexWhileSelling(
            model_name="order",
            index=models.Index(
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("status", "paid")),
                name="order_to_ship",
            ),
        ),
    ]
