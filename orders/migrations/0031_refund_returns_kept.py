"""What takes long on big tables: the check of the new constraints, and indexes.

The old indexes go last: what they kept and found, the new ones do before.
"""

from django.contrib.postgres.operations import (
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.models import F, Q

from shop.index_operations import AddIndexWhileSelling, AddUniqueWhileSelling

_ASKED = ("requested", "to_return", "returning")
_UNFINISHED = (*_ASKED, "approved", "processing", "failed")


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    # Its first name: see 0038.
    replaces = [("orders", "0033_refund_returns_kept")]
    dependencies = [("orders", "0030_refund_returns")]

    operations = [
        ValidateConstraint("refund", "refund_state_known"),
        ValidateConstraint("refund", "refund_return_with_time"),
        AddUniqueWhileSelling(
            model_name="refund",
            constraint=models.UniqueConstraint(
                F("order"), condition=Q(state__in=_ASKED), name="refund_one_asked"
            ),
        ),
        AddIndexWhileSelling(
            model_name="refund",
            index=models.Index(
                F("id").desc(), condition=Q(state__in=_UNFINISHED), name="refund_open"
            ),
        ),
        AddIndexWhileSelling(
            model_name="refund",
            index=models.Index(
                F("return_before"),
                condition=Q(state="to_return"),
                name="refund_to_return",
            ),
        ),
        migrations.RemoveConstraint("refund", "refund_one_requested"),
        RemoveIndexConcurrently("refund", "refund_unfinished"),
    ]
