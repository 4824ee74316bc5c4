"""What takes long on big tables: the check of the new constraints, and an index."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0005_refunds")]

    operations = [
        ValidateConstraint("order", "order_closing_before_shipped"),
        ValidateConstraint("orderitem", "orderitem_refund_max"),
        ValidateConstraint("payment", "payment_state_is_known"),
        ValidateConstraint("payment", "payment_received_with_facts"),
        ValidateConstraint("payment", "payment_refund_range"),
        AddIndexWhileSelling(
            model_name="payment",
            index=models.Index(
                models.F("next_query_at"),
                condition=models.Q(("state", "open")),
                name="payment_to_query",
            ),
        ),
    ]
