"""Every row of the keyword index has what a plain search counts and sorts by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0012_search_newest_fill")]

    operations = [
        migrations.AlterField(
            "productsearch", "on_sale", models.BooleanField(editable=False)
        ),
        migrations.AlterField(
            "productsearch", "created_at", models.DateTimeField(editable=False)
        ),
    ]
