"""When a shopper has asked for an order to be sent."""

from django.db import migrations, models


class Migration(migrations.Migration):
    # Its first name: see 0038.
    replaces = [("orders", "0034_order_reminder")]
    dependencies = [("orders", "0031_refund_returns_kept")]

    operations = [
        migrations.AddField(
            "order",
            "reminded_at",
            models.DateTimeField("催发货时间", editable=False, null=True),
        ),
    ]
