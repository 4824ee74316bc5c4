"""What staff grant of a refund, and who of two has agreed.

Constraints on tables that exist are checked in the next migration, where nobody waits.
"""

from decimal import Decimal

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("orders", "0016_order_indexes"),
    ]

    operations = [
        migrations.AddField(
            "refund",
            "requested_amount",
            models.DecimalField(
                decimal_places=2, max_digits=12, null=True, verbose_name="申请金额"
            ),
        ),
        migrations.AddField(
            "refund",
            "kept_amount",
            models.DecimalField(
                db_default=Decimal("0.00"),
                decimal_places=2,
                default=Decimal("0.00"),
                max_digits=12,
                verbose_name="少退金额",
            ),
        ),
        migrations.AddField(
            "refund",
            "agreed_by",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="第一审批人",
            ),
        ),
        migrations.AddField(
            "refund",
            "agreed_at",
            models.DateTimeField(null=True, verbose_name="第一次审批时间"),
        ),
        migrations.AddField(
            "refund",
            "granted_at",
            models.DateTimeField(null=True, verbose_name="批准时间"),
        ),
        migrations.AddField(
            "refunditem",
            "kept_amount",
            models.DecimalField(
                db_default=Decimal("0.00"),
                decimal_places=2,
                default=Decimal("0.00"),
                max_digits=12,
                verbose_name="少退金额",
            ),
        ),
        migrations.AddField(
            "refundevent",
            "deed",
            models.CharField(
                blank=True,
                choices=[("agreed", "第一人同意"), ("returned", "退回重审")],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "refundevent",
            "amount",
            models.DecimalField(
                decimal_places=2, max_digits=12, null=True, verbose_name="金额"
            ),
        ),
        AddConstraintNotValid(
            "refund",
            models.CheckConstraint(
                condition=Q(kept_amount__gte=0), name="refund_kept_min"
            ),
        ),
        AddConstraintNotValid(
            "refund",
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True, agreed_at__isnull=True)
                | Q(agreed_by__isnull=False, agreed_at__isnull=False),
                name="refund_agreed_with_time",
            ),
        ),
        AddConstraintNotValid(
            "refunditem",
            models.CheckConstraint(
                condition=Q(unshipped_quantity__lte=F("quantity"))
                & (Q(quantity__gte=1) | Q(amount__gt=0)),
                name="refunditem_pieces_or_money",
            ),
        ),
        AddConstraintNotValid(
            "refunditem",
            models.CheckConstraint(
                condition=Q(kept_amount__gte=0), name="refunditem_kept_min"
            ),
        ),
        migrations.RemoveConstraint("refunditem", "refunditem_quantity_range"),
    ]
