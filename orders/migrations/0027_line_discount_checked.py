"""What takes long on big tables: the check of a constraint."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0026_line_discount")]

    operations = [ValidateConstraint("orderitem", "orderitem_discount_range")]
