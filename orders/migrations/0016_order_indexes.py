"""The indexes of the order desk, made while the shop goes on selling."""

from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling

_INDEXES = (
    models.Index(models.F("created_at"), name="order_created"),
    models.Index(
        fields=["phone"], name="order_phone", opclasses=["varchar_pattern_ops"]
    ),
    models.Index(fields=["name"], name="order_name", opclasses=["varchar_pattern_ops"]),
)


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0015_order_desk")]

    operations = [
        AddIndexWhileSelling(model_name="order", index=index) for index in _INDEXES
    ]
