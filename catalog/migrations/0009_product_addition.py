"""The keys of the pages that have added a product."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Additive: the code before it adds products without a key."""

    dependencies = [("catalog", "0008_sheet_permissions")]

    operations = [
        migrations.CreateModel(
            name="ProductAddition",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
    ]
