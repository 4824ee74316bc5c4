"""What: products, their SKUs, the stock and its ledger."""

from catalog.models.category import Category
from catalog.models.counts import ProductCount
from catalog.models.freight import (
    FreightRegion,
    FreightRule,
    FreightTemplate,
    FreightUnit,
)
from catalog.models.product import (
    Product,
    ProductAddition,
    ProductImage,
    ProductStatus,
)
from catalog.models.search import ProductSearch
from catalog.models.sku import Sku
from catalog.models.stock import MovementReason, StockMovement

__all__ = [
    "Category",
    "FreightRegion",
    "FreightRule",
    "FreightTemplate",
    "FreightUnit",
    "MovementReason",
    "Product",
    "ProductAddition",
    "ProductCount",
    "ProductImage",
    "ProductSearch",
    "ProductStatus",
    "Sku",
    "StockMovement",
]
