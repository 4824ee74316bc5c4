"""What the catalogue refuses."""

from shop.errors import ShopError


class StockChanged(ShopError):
    """The stock is not what the editor saw: facts `skuId` and `stock`."""

    code = "stock_changed"
    http_status = 409
    message = "库存已变化,请刷新后重试"
