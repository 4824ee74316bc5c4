"""How the public reviews of a product rate it: the code before it leaves both at 0."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0018_remembered"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="rating_count",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="评价数"
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="rating_sum",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="评分合计"
            ),
        ),
    ]
