"""Say what was in the parcels that were booked before parcels had items.

An order had one parcel then, which held everything.
"""

from django.db import migrations

# Filled once: an order whose parcels have items is left alone.
FILL = """
INSERT INTO orders_shipmentitem (shipment_id, order_item_id, quantity)
SELECT parcel.id, item.id, item.quantity
FROM (SELECT order_id, min(id) AS id FROM orders_shipment GROUP BY order_id) AS parcel
JOIN orders_orderitem item ON item.order_id = parcel.order_id
WHERE NOT EXISTS (
    SELECT FROM orders_shipmentitem known
    JOIN orders_shipment shipment ON shipment.id = known.shipment_id
    WHERE shipment.order_id = parcel.order_id
)
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_shipping_and_prices")]

    # Going back needs no undoing: what was in a parcel stays true.
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
