"""The index of a day's new shoppers, made while the shop goes on selling."""

from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("accounts", "0003_reveal_shopper")]

    operations = [
        AddIndexWhileSelling(
            model_name="user",
            index=models.Index(
                models.F("created_at"),
                condition=models.Q(("is_staff", False)),
                name="user_shopper_since",
            ),
        ),
    ]
