"""The orders' sheets: orders, parcels, refunds; and counts of the shelf."""
