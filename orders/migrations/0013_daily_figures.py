"""The figures of finished days; the code that runs knows nothing of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_alarm_stock"),
        ("orders", "0012_payments_by_day"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyFigures",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("day", models.DateField(unique=True, verbose_name="日期")),
                ("orders", models.PositiveIntegerField(verbose_name="下单数")),
                ("paid_orders", models.PositiveIntegerField(verbose_name="付款订单数")),
                (
                    "paid_amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, verbose_name="付款金额"
                    ),
                ),
                ("refunds", models.PositiveIntegerField(verbose_name="退款笔数")),
                (
                    "refund_amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, verbose_name="退款金额"
                    ),
                ),
                ("new_shoppers", models.PositiveIntegerField(verbose_name="新用户数")),
                ("counted_at", models.DateTimeField(verbose_name="统计时间")),
            ],
            options={
                "verbose_name": "经营数据",
                "verbose_name_plural": "经营数据",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="DailyProductSales",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                ("pieces", models.PositiveIntegerField(verbose_name="件数")),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, verbose_name="金额"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="商品",
                    ),
                ),
            ],
            options={
                "verbose_name": "商品日销售",
                "verbose_name_plural": "商品日销售",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("day"),
                        models.F("product"),
                        name="dailyproductsales_product_once",
                    )
                ],
            },
        ),
    ]
