"""Pieces that come back by a refund, each SKU of it once."""

from shop.index_operations import AddUniqueWhileSelling
from django.db import migrations, models


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("catalog", "0004_stock_adjustments")]

    operations = [
        migrations.AlterField(
            model_name="stockmovement",
            name="reason",
            field=models.CharField(
                choices=[
                    ("initial", "初始库存"),
                    ("adjustment", "人工调整"),
                    ("order", "下单"),
                    ("order_cancelled", "订单取消"),
                    ("refund", "退款退回"),
                ],
                max_length=20,
                verbose_name="原因",
            ),
        ),
        AddUniqueWhileSelling(
            model_name="stockmovement",
            constraint=models.UniqueConstraint(
                models.F("reference"),
                models.F("sku"),
                condition=models.Q(("reason", "refund")),
                name="movement_once_per_refund",
            ),
        ),
    ]
