"""A permission of its own for changing a stock by hand, and names for staff.

No statement for the database: it adds nothing that old code could miss.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_search")]

    operations = [
        migrations.AlterModelOptions(
            "sku",
            {
                "permissions": (("adjust_stock", "可以调整库存"),),
                "verbose_name": "SKU",
                "verbose_name_plural": "SKU",
            },
        ),
        migrations.AlterField(
            "productimage",
            "product",
            models.ForeignKey(
                "catalog.product",
                models.CASCADE,
                related_name="images",
                verbose_name="商品",
            ),
        ),
        migrations.AlterField(
            "sku",
            "product",
            models.ForeignKey(
                "catalog.product",
                models.PROTECT,
                related_name="skus",
                verbose_name="商品",
            ),
        ),
        migrations.AlterField(
            "stockmovement",
            "sku",
            models.ForeignKey(
                "catalog.sku",
                models.PROTECT,
                related_name="movements",
                verbose_name="SKU",
            ),
        ),
    ]
