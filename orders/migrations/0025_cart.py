"""What shoppers mean to buy."""

import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_search_newest_required"),
        ("orders", "0024_order_no_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CartItem",
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
                ("quantity", models.PositiveIntegerField(verbose_name="数量")),
                ("is_selected", models.BooleanField(default=True, verbose_name="已选")),
                (
                    "price_added",
                    models.DecimalField(
                        decimal_places=2, max_digits=12, verbose_name="加入时价格"
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=255, null=True)),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="加入时间"),
                ),
                (
                    "updated_at",
                    models.DateTimeField(auto_now=True, verbose_name="更新时间"),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.sku",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "购物车商品",
                "verbose_name_plural": "购物车商品",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"), models.F("sku"), name="cartitem_sku_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quantity__gte", 1), ("quantity__lte", 999)
                        ),
                        name="cartitem_quantity_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_added__gte", Decimal("0.01"))),
                        name="cartitem_price_added_min",
                    ),
                ],
            },
        ),
    ]
