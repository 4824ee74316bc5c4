"""What staff are told of a freight template whose name is taken; no SQL."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0014_freight")]

    operations = [
        migrations.AlterConstraint(
            model_name="freighttemplate",
            name="freighttemplate_name_once",
            constraint=models.UniqueConstraint(
                models.F("name"),
                name="freighttemplate_name_once",
                violation_error_message="已有同名的运费模板",
            ),
        ),
    ]
