"""The index of a day's payments, made while the shop goes on selling."""

from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0011_reconciliation")]

    operations = [
        AddIndexWhileSelling(
            model_name="payment",
            index=models.Index(
                models.F("paid_at"),
                condition=models.Q(("paid_at__isnull", False)),
                name="payment_paid_at",
            ),
        ),
    ]
