"""A claim that is sent twice is taken once, by the key that it is sent with."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Its first name: see 0038.
    replaces = [("orders", "0042_coupon_claim_key")]
    dependencies = [
        ("orders", "0036_reviews"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="couponclaim",
            name="idempotency_key",
            field=models.CharField(editable=False, max_length=255, null=True),
        ),
        migrations.AddConstraint(
            model_name="couponclaim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key__isnull", False)),
                fields=("user", "coupon", "idempotency_key"),
                name="couponclaim_key_once",
            ),
        ),
    ]
