"""The catalogue's desks in the admin: one file per entity."""

from catalog.admin.categories import CategoryAdmin
from catalog.admin.flash_sales import FlashSaleAdmin
from catalog.admin.freight import FreightTemplateAdmin
from catalog.admin.movements import StockMovementAdmin
from catalog.admin.products import ProductAdmin
from catalog.admin.skus import SkuAdmin

__all__ = [
    "CategoryAdmin",
    "FlashSaleAdmin",
    "FreightTemplateAdmin",
    "ProductAdmin",
    "SkuAdmin",
    "StockMovementAdmin",
]
