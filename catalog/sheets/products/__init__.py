"""Products with their SKUs: a row for each SKU."""

from catalog.sheets.products.sheet import ProductSheet

__all__ = ["ProductSheet"]
