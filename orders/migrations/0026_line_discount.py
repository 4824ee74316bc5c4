"""Each line's share of the discount.

The check is made on the lines that there are in the next migration, where nobody waits.
"""

from decimal import Decimal

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0025_cart")]

    operations = [
        migrations.AddField(
            "orderitem",
            "discount_amount",
            models.DecimalField(
                db_default=Decimal("0.00"),
                decimal_places=2,
                default=Decimal("0.00"),
                max_digits=12,
                verbose_name="优惠",
            ),
        ),
        AddConstraintNotValid(
            "orderitem",
            models.CheckConstraint(
                condition=Q(
                    discount_amount__gte=0,
                    discount_amount__lte=F("price") * F("quantity"),
                ),
                name="orderitem_discount_range",
            ),
        ),
    ]
