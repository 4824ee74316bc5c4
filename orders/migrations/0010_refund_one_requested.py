"""Only one request of an order waits for its answer."""

from django.db import migrations, models

from shop.index_operations import AddUniqueWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0009_payment_notices")]

    operations = [
        AddUniqueWhileSelling(
            model_name="refund",
            constraint=models.UniqueConstraint(
                models.F("order"),
                condition=models.Q(("state", "requested")),
                name="refund_one_requested",
            ),
        ),
    ]
