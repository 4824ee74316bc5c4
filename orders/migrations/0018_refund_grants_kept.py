"""What takes long on big tables: the check of the new constraints, and an index."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0017_refund_grants")]

    operations = [
        ValidateConstraint("refund", "refund_kept_min"),
        ValidateConstraint("refund", "refund_agreed_with_time"),
        ValidateConstraint("refunditem", "refunditem_pieces_or_money"),
        ValidateConstraint("refunditem", "refunditem_kept_min"),
        AddIndexWhileSelling(
            model_name="refund",
            index=models.Index(
                F("granted_at"),
                condition=Q(("granted_at__isnull", False)),
                include=["amount"],
                name="refund_granted",
            ),
        ),
    ]
