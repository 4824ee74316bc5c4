"""The catalogue's desks in the admin: one file per entity."""

from catalog.admin.categories import CategoryAdmin
from catalog.admin.freight import FreightTemplateAdmin
from catalog.admin.movements import StockMovementAdmin
from catalog.admin.products import ProductAdmin
from catalog.admin.skus import SkuAdmin

__all__ = [
    "CategoryAdmin",
    "FreightTemplateAdmin",
    "ProductAdmin",
    "SkuAdmin",
    "StockMovementAdmin",
]
