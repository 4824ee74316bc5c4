"""Find a parcel by its number, whatever order it belongs to."""

from django.db import migrations, models

from shop.index_operations import AddIndexWhileSelling


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False
    dependencies = [("orders", "0019_sheet_permissions")]

    operations = [
        AddIndexWhileSelling(
            model_name="shipment",
            index=models.Index("tracking_no", name="shipment_tracking"),
        ),
    ]
