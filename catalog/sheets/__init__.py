"""The sheets of the catalogue: products with their SKUs, and counts of the stock."""
