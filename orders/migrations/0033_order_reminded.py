"""The index of the orders that shoppers wait for, made while the shop goes on."""

from django.db import migrations, models
from django.db.models import F, Q

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    # Its first name: see 0038.
    replaces = [("orders", "0035_order_reminded")]
    dependencies = [("orders", "0032_order_reminder")]

    operations = [
        AddIndexWhileSelling(
            model_name="order",
            index=models.Index(
                F("id").desc(),
                condition=Q(status="paid", reminded_at__isnull=False),
                name="order_reminded",
            ),
        ),
    ]
