"""What staff read of a refund before they act on it."""

from orders.admin.cells import item_name
from orders.models import Refund, RefundItem
from shop.back_office.figures import moment, money

# What staff must know of WeChat's refusals; any other is its own word.
_ADVICE = {
    "ABNORMAL": "退款异常,请到微信商户平台处理,系统会自动查询结果",
    "CLOSED": "微信已关闭这次退款,可以重新退款",
}


def wechat_reason(refund: Refund) -> str:
    error = refund.wechat_error
    return f"{error} {_ADVICE.get(error, '')}".strip() or "-"


def amount_told(refund: Refund) -> str:
    """Return what goes back, and what was asked for where that is more."""
    asked = refund.asked_amount
    told = money(refund.amount)
    return told if asked == refund.amount else f"{told},申请{money(asked)}"


def asked_lines(refund: Refund) -> dict[str, str]:
    pieces = map(_piece, refund.items.select_related("order_item"))
    return {
        "订单": str(refund.order),
        "退款金额": amount_told(refund),
        "商品": ";".join(pieces) or "-",
        "原因": refund.reason or "-",
        **return_lines(refund),
    }


def return_lines(refund: Refund) -> dict[str, str]:
    """Return how the goods come back, if they do."""
    if not refund.is_return:
        return {}
    lines = {"类型": "退货退款"}
    if refund.return_address:
        lines["退货地址"] = refund.return_address
    if refund.returned_at:
        lines["退货包裹"] = refund.return_parcel
    return lines


def agreed_lines(refund: Refund) -> dict[str, str]:
    """Return what the first of two people has decided."""
    rows = refund.items.select_related("order_item")
    lines = {_piece(row): money(row.amount) for row in rows}
    rest = refund.amount - sum(row.amount for row in rows)
    restocked = {"已发商品": "退回库存" if refund.is_restocked else "不退回库存"}
    return {
        "订单": str(refund.order),
        "原因": refund.reason or "-",
        **return_lines(refund),
        **lines,
        **({"运费": money(rest)} if rest else {}),
        "退款金额": amount_told(refund),
        **(restocked if refund.has_shipped_pieces else {}),
        "答复": refund.answer or "-",
        "第一审批人": f"{refund.agreed_by},{moment(refund.agreed_at)}",
    }


def _piece(part: RefundItem) -> str:
    if not part.quantity:
        return f"{item_name(part.order_item)} 补偿,商品不退"
    shipped = part.quantity - part.unshipped_quantity
    named = f"{item_name(part.order_item)} × {part.quantity}"
    return f"{named},其中{shipped}件已发" if shipped else named
