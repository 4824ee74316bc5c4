"""The index of what staff changed by hand, made while the shop goes on selling."""

from shop.index_operations import AddIndexWhileSelling
from django.db import migrations, models


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("catalog", "0003_staff_words")]

    operations = [
        AddIndexWhileSelling(
            model_name="stockmovement",
            index=models.Index(
                models.F("sku"),
                models.F("id"),
                condition=models.Q(("reason", "adjustment")),
                name="movement_adjustment",
            ),
        ),
    ]
