"""The stock at which staff are told; the code that runs knows nothing of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_refund_movements")]

    operations = [
        migrations.AddField(
            model_name="sku",
            name="alarm_stock",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="报警库存"
            ),
        ),
    ]
