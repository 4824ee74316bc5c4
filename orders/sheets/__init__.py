"""The sheets of the orders: orders, refunds, and parcels on their way."""
