"""The tables of a refund's page: the pieces, and what happened when."""

from orders.admin.cells import item_name
from orders.admin.timeline import refund_step
from orders.models import Refund
from shop.back_office.figures import moment, money
from shop.back_office.tables import Table


def refund_tables(refund: Refund) -> tuple[list[Table], list[Table]]:
    """Return what a refund is for, and what happened to it.

    One of undue money is for no pieces.
    """
    lines = _pieces(refund)
    return [lines] if lines.rows else [], [_timeline(refund)]


def _pieces(refund: Refund) -> Table:
    parts = list(refund.items.select_related("order_item"))
    rows = [
        [
            item_name(part.order_item),
            part.quantity or "补偿",
            part.unshipped_quantity,
            money(part.worth),
            money(part.amount),
        ]
        for part in parts
    ]
    # What goes back beside the lines: the freight, with the last pieces.
    rest = refund.amount - sum(part.amount for part in parts)
    kept = refund.kept_amount - sum(part.kept_amount for part in parts)
    if rows and rest + kept:
        rows.append(["运费", "", "", money(rest + kept), money(rest)])
    headers = ["商品", "数量", "其中未发", "最多可退", "退款金额"]
    return Table("退款商品", headers, rows)


def _timeline(refund: Refund) -> Table:
    rows = [
        [
            moment(event.created_at),
            refund_step(event),
            money(event.amount),
            str(event.operator or "系统"),
            event.reason or "-",
        ]
        for event in refund.events.select_related("operator")
    ]
    return Table("动态", ["时间", "事件", "金额", "操作人", "说明"], rows)
