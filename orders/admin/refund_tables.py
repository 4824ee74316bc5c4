"""The tables of a refund's page: the pieces, and what happened when."""

from orders.admin.cells import item_name
from orders.admin.tables import REFUND_STEPS
from orders.models import Refund
from shop.back_office.figures import moment, money
from shop.back_office.tables import Table


def refund_tables(refund: Refund) -> list[Table]:
    """Return what belongs to a refund; one of undue money is for no pieces."""
    tables = [_pieces(refund), _timeline(refund)]
    return [table for table in tables if table.rows]


def _pieces(refund: Refund) -> Table:
    rows = [
        [
            item_name(part.order_item),
            part.quantity,
            part.unshipped_quantity,
            money(part.amount),
        ]
        for part in refund.items.select_related("order_item")
    ]
    return Table("退款商品", ["商品", "数量", "其中未发", "金额"], rows)


def _timeline(refund: Refund) -> Table:
    rows = [
        [
            moment(event.created_at),
            REFUND_STEPS[event.to_state],
            str(event.operator or "系统"),
            event.reason or "-",
        ]
        for event in refund.events.select_related("operator")
    ]
    return Table("动态", ["时间", "事件", "操作人", "说明"], rows)
