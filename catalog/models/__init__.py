"""What: products, their stock and its ledger, and how they are offered."""

from catalog.models.category import Category
from catalog.models.counts import ProductCount
from catalog.models.flash_sale import FlashSale, FlashSaleKind, FlashSaleSku
from catalog.models.freight import (
    FreightRegion,
    FreightRule,
    FreightTemplate,
    FreightUnit,
)
from catalog.models.home import (
    SECTION_PRODUCTS_MAX,
    Banner,
    BannerState,
    BannerTarget,
    HomeSection,
    HomeSectionProduct,
    SectionKind,
)
from catalog.models.product import (
    Product,
    ProductAddition,
    ProductImage,
    ProductStatus,
)
from catalog.models.remembered import Favorite, Footprint
from catalog.models.search import ProductSearch
from catalog.models.search_words import (
    PopularWord,
    SearchHistory,
    SearchWord,
    WordKind,
)
from catalog.models.sku import Sku
from catalog.models.stock import MovementReason, StockMovement

__all__ = [
    "SECTION_PRODUCTS_MAX",
    "Banner",
    "BannerState",
    "BannerTarget",
    "Category",
    "FlashSale",
    "FlashSaleKind",
    "FlashSaleSku",
    "Favorite",
    "Footprint",
    "FreightRegion",
    "FreightRule",
    "FreightTemplate",
    "FreightUnit",
    "HomeSection",
    "HomeSectionProduct",
    "MovementReason",
    "PopularWord",
    "Product",
    "ProductAddition",
    "ProductCount",
    "ProductImage",
    "ProductSearch",
    "ProductStatus",
    "SearchHistory",
    "SearchWord",
    "SectionKind",
    "Sku",
    "StockMovement",
    "WordKind",
]
