"""The sheet of the catalogue: products with their SKUs."""
