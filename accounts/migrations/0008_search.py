"""The indexes of the search box, made while the shop goes on selling."""

from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("accounts", "0007_totp_device")]

    operations = [
        AddIndexWhileSelling(
            model_name="user",
            index=models.Index(
                fields=["phone", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                condition=models.Q(("is_staff", False)),
                name="user_phone",
            ),
        ),
        AddIndexWhileSelling(
            model_name="user",
            index=models.Index(
                fields=["nickname", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                condition=models.Q(("is_staff", False)),
                name="user_nickname",
            ),
        ),
    ]
