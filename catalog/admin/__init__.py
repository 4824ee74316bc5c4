"""The catalogue's desks in the admin: one file per entity."""

from catalog.admin.banners import BannerAdmin
from catalog.admin.categories import CategoryAdmin
from catalog.admin.flash_sales import FlashSaleAdmin
from catalog.admin.freight import FreightTemplateAdmin
from catalog.admin.home_sections import HomeSectionAdmin
from catalog.admin.movements import StockMovementAdmin
from catalog.admin.products import ProductAdmin
from catalog.admin.search_words import PopularWordAdmin, SearchWordAdmin
from catalog.admin.skus import SkuAdmin

__all__ = [
    "BannerAdmin",
    "CategoryAdmin",
    "FlashSaleAdmin",
    "FreightTemplateAdmin",
    "HomeSectionAdmin",
    "PopularWordAdmin",
    "ProductAdmin",
    "SearchWordAdmin",
    "SkuAdmin",
    "StockMovementAdmin",
]
