"""The tables that pages of orders and of payments have in common."""

from collections.abc import Iterable

from orders.admin.cells import link
from orders.models import Refund
from shop.back_office.figures import moment, money
from shop.back_office.tables import Table


def refunds_table(refunds: Iterable[Refund]) -> Table:
    """Return the refunds of a payment."""
    rows = [
        [
            link("orders_refund_change", refund),
            refund.get_kind_display(),
            refund.get_state_display(),
            money(refund.amount),
            moment(refund.created_at),
            moment(refund.succeeded_at),
        ]
        for refund in refunds
    ]
    headers = ["退款单号", "类型", "状态", "金额", "申请时间", "到账时间"]
    return Table("退款", headers, rows)
