"""The index of a day's refunds, made while the shop goes on selling."""

from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0013_daily_figures")]

    operations = [
        AddIndexWhileSelling(
            model_name="refund",
            index=models.Index(
                models.F("accepted_at"),
                condition=models.Q(("accepted_at__isnull", False)),
                name="refund_accepted_at",
            ),
        ),
    ]
