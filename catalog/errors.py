"""What the catalogue refuses."""

from shop.errors import ShopError


class CategoryInUse(ShopError):
    """Something hangs on the category."""

    code = "category_in_use"
    http_status = 409
    message = "分类正在使用,不能删除"


class CategoriesChanged(ShopError):
    """The tree is not what the editor saw."""

    code = "categories_changed"
    http_status = 409
    message = "分类已被他人修改,本次排序未保存,请按现在的顺序重新调整"


class FreightTemplateInUse(ShopError):
    """Products have the template, or all that name none."""

    code = "freight_template_in_use"
    http_status = 409
    message = "运费模板正在使用,不能删除"


class FreightTemplateChanged(ShopError):
    """The template is not what the editor saw."""

    code = "freight_template_changed"
    http_status = 409
    message = "运费模板已被他人修改,本次修改未保存,请重新打开页面后再改"


class ContentChanged(ShopError):
    """What stands on the home page is not what the editor saw."""

    code = "content_changed"
    http_status = 409
    message = "内容已被他人修改,本次修改未保存,请重新打开页面后再改"


class ProductAdded(ShopError):
    """The page that is sent has added its product already."""

    code = "product_added"
    http_status = 409
    message = "这一页已经提交过,商品已添加,没有重复添加:请到商品列表中查看"


class ProductChanged(ShopError):
    """The product is not what the editor saw."""

    code = "product_changed"
    http_status = 409
    message = "商品已被他人修改,本次修改未保存,请重新打开页面后再改"


class SearchWordExists(ShopError):
    """The word, in whatever case, is there already."""

    code = "search_word_exists"
    http_status = 409
    message = "这个词已经在搜索词中"


class StockChanged(ShopError):
    """The stock is not what the editor saw: facts `skuId` and `stock`."""

    code = "stock_changed"
    http_status = 409
    message = "库存已变化,请重新打开页面"


class FlashSaleChanged(ShopError):
    """The sale is not what the editor saw."""

    code = "flash_sale_changed"
    http_status = 409
    message = "活动已被他人修改,本次修改未保存,请重新打开页面后再改"


class FlashSaleConflict(ShopError):
    """A SKU is in another sale at that time."""

    code = "flash_sale_conflict"
    http_status = 409


class FlashSaleFixed(ShopError):
    """The sale is not, or no longer, in the state that allows it."""

    code = "flash_sale_fixed"
    http_status = 409
    message = "活动已开始,只能提前结束或追加库存"
