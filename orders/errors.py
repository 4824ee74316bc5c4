"""What an order refuses."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from shop.errors import NotFound, ShopError


class OrderNotFound(NotFound):
    """No such order, or somebody else's."""

    message = "订单不存在"


class InsufficientStock(ShopError):
    """Name every short line: facts `items[{skuId, name, requested, available}]`."""

    code = "insufficient_stock"
    http_status = 409


class SaleSoldOut(ShopError):
    """Too few pieces are left in a flash sale; facts as InsufficientStock."""

    code = "sale_sold_out"
    http_status = 409

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        name, left = items[0]["name"], items[0]["available"]
        told = f"商品{name}活动仅剩{left}件" if left else f"商品{name}已抢光"
        super().__init__(told, items=items)


class SaleLimitExceeded(ShopError):
    """More than a flash sale has for each shopper; facts as InsufficientStock."""

    code = "sale_limit"
    http_status = 409

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        name, left = items[0]["name"], items[0]["available"]
        more = f"超出活动限购,还可买{left}件" if left else "已达活动限购"
        super().__init__(f"商品{name}{more}", items=items)


class NotOnSale(ShopError):
    """Name every line that can't be bought: facts `items[{productId, skuId}]`."""

    code = "not_on_sale"
    http_status = 409
    message = "商品不存在或已下架"


class RegionNotServed(ShopError):
    """Name every line that can't go there: facts `items[{productId, skuId, name}]`."""

    code = "region_not_served"
    http_status = 409

    def __init__(self, *, items: Sequence[Mapping[str, Any]]) -> None:
        told = f"商品{items[0]['name']}不支持配送到该地区"
        super().__init__(told, items=items)


class CartFull(ShopError):
    """The cart has as many lines as it may."""

    code = "cart_limit"
    http_status = 409
    message = "购物车最多放100种商品,请先清理"


class CartQuantityLimit(ShopError):
    """A line has as many pieces as an order may have of it."""

    code = "cart_quantity_limit"
    http_status = 409
    message = "同一规格最多购买999件"


class IllegalTransition(ShopError):
    """The order's state does not allow that: fact `status`."""

    code = "illegal_transition"
    http_status = 409
    message = "订单状态不正确"


class OrderExpired(ShopError):
    """The time to pay has passed; the sweep has not come by yet."""

    code = "order_expired"
    http_status = 409
    message = "订单已超时,请重新下单"


class IdempotencyConflict(ShopError):
    """The key was used for another request."""

    code = "idempotency_conflict"
    http_status = 422
    message = "重复的请求标识,内容不一致"


class RequestInProgress(ShopError):
    """A twin of this request is being worked on."""

    code = "request_in_progress"
    http_status = 409
    message = "请求正在处理中,请勿重复提交"


class RemindedAlready(ShopError):
    """The shop has been reminded within a day: fact `remindedAt`."""

    code = "reminded_already"
    http_status = 409
    message = "已提醒商家发货,24小时内只能提醒一次"


class OrdersOpen(ShopError):
    """An account with unfinished orders can't be deleted."""

    code = "orders_open"
    http_status = 409
    message = "您还有未完成的订单,暂时无法注销"


class ParcelBooked(ShopError):
    """The order has a parcel of that carrier and number already."""

    code = "parcel_booked"
    http_status = 409
    message = "该运单已登记,请勿重复提交"


class PiecesExceeded(ShopError):
    """More pieces than are left: facts `items[{itemId, name, requested, left}]`."""

    code = "pieces_exceeded"
    http_status = 409


class PriceChanged(ShopError):
    """The order costs something else than its reader has seen."""

    code = "price_changed"
    http_status = 409
    message = "订单价格已变化,请刷新后重试"


class AddressChanged(ShopError):
    """The order goes to somewhere else than its reader has seen."""

    code = "address_changed"
    http_status = 409
    message = "收货地址已变化,请刷新后重试"


class PaymentInProgress(ShopError):
    """The shopper has begun to pay at this very moment."""

    code = "payment_in_progress"
    http_status = 409
    message = "买家正在付款,请稍后再试"


class PaymentMismatch(ShopError):
    """A verified payment is not the one that we asked for; never mark it paid."""

    code = "payment_mismatch"
    http_status = 400
    message = "支付信息不一致"

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


class RefundMismatch(PaymentMismatch):
    """The same of a refund."""

    code = "refund_mismatch"
    message = "退款信息不一致"


class RefundNotFound(NotFound):
    """No such refund, or somebody else's."""

    message = "退款不存在"


class RefundPending(ShopError):
    """Another request of the same order waits for its answer."""

    code = "refund_pending"
    http_status = 409
    message = "该订单已有退款申请正在处理"


class OrderChanged(ShopError):
    """More of the order has left or goes back than its reader has seen."""

    code = "order_changed"
    http_status = 409
    message = "订单的退款或发货已变化,请刷新后重试"


class RefundChanged(ShopError):
    """What the first of two people agreed to is not what the second has seen."""

    code = "refund_changed"
    http_status = 409
    message = "退款的审批已变化,请刷新后重试"


class SecondPersonNeeded(ShopError):
    """Whoever agreed first is not the second person too."""

    code = "second_person_needed"
    http_status = 409
    message = "您已同意过,需要另一位员工审批"


class DayCapReached(ShopError):
    """Staff would grant more than a day's cap: facts `cap`, `left`."""

    code = "refund_day_cap"
    http_status = 409

    def __init__(self, *, cap: Decimal, left: Decimal) -> None:
        super().__init__(
            f"超过每日退款上限¥{cap:.2f},今天还可退¥{left:.2f}",
            cap=str(cap),
            left=str(left),
        )


class ReviewNotFound(NotFound):
    """No such review, or somebody else's."""

    message = "评价不存在"


class ReviewWritten(ShopError):
    """There is one of that line already, or one that was appended."""

    code = "review_written"
    http_status = 409
    message = "该商品已评价,请勿重复提交"


class ReviewChanged(ShopError):
    """The review stands otherwise than its reader has seen."""

    code = "review_changed"
    http_status = 409
    message = "评价已变化,请刷新后重试"


class AnomalyHandled(ShopError):
    """Somebody else was faster."""

    code = "anomaly_handled"
    http_status = 409
    message = "该异常已处理,请刷新后重试"


class DifferenceResolved(ShopError):
    """Somebody else was faster, or it has gone."""

    code = "difference_resolved"
    http_status = 409
    message = "该差异已处理,请刷新后重试"


class CouponNotOpen(ShopError):
    """It can't be claimed yet, or any more."""

    code = "coupon_not_open"
    http_status = 409
    message = "优惠券不在领取时间内"


class CouponGone(ShopError):
    """All of them have been claimed."""

    code = "coupon_gone"
    http_status = 409
    message = "优惠券已领完"


class CouponLimit(ShopError):
    """The shopper has had as many as one may have: fact `limit`."""

    code = "coupon_limit"
    http_status = 409

    def __init__(self, limit: int) -> None:
        super().__init__(f"每人限领{limit}张,不能再领", limit=limit)


class CouponNotUsable(ShopError):
    """The shopper has none that can be used for this order."""

    code = "coupon_not_usable"
    http_status = 409
    message = "优惠券不存在、已使用或已过期"


class CouponChanged(ShopError):
    """Somebody else has changed it, or it is published already."""

    code = "coupon_changed"
    http_status = 409
    message = "优惠券已变化,请重新打开页面后再改"
