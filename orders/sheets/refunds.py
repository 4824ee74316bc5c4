"""Refunds, a row for each line of theirs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orders.models import Refund, RefundItem
from orders.sheets.columns import moment_written
from shop.sheets.kinds import Column, SheetKind


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a refund; of one that gives back what paid for nothing there is none.

    The refund's amount stands in its first row alone.
    """

    refund: Refund
    item: RefundItem | None
    is_first: bool


class RefundSheet(SheetKind):
    """A column of amounts adds up: each refund's own stands once."""

    name = "refunds"
    title = "退款"
    export_permission = "orders.export_refund"

    refund_no = Column("退款单号", attribute="refund__refund_no")
    order_no = Column("订单号", attribute="refund__order__order_no")
    kind = Column("类型", attribute="refund__get_kind_display")
    state = Column("状态", attribute="refund__get_state_display")
    amount = Column("退款金额", is_number=True)
    reason = Column("原因", attribute="refund__reason")
    answer = Column("答复", attribute="refund__answer")
    created_at = Column("申请时间")
    accepted_at = Column("微信受理时间")
    succeeded_at = Column("到账时间")
    product = Column("商品", attribute="item__order_item__name")
    specs = Column("规格")
    quantity = Column("数量", attribute="item__quantity", is_number=True)
    unshipped = Column(
        "其中未发数量", attribute="item__unshipped_quantity", is_number=True
    )
    line_amount = Column("商品退款金额", attribute="item__amount", is_number=True)

    def instances(self, ids: Sequence[int]) -> Iterable[Line]:
        """Return the lines of refunds in the order of the ids."""
        rows = Refund.objects.filter(pk__in=ids).select_related("order")
        found = rows.prefetch_related("items__order_item").in_bulk()
        return _lines(found[pk] for pk in ids if pk in found)

    def dehydrate_amount(self, line: Line) -> str:
        return str(line.refund.amount) if line.is_first else ""

    def dehydrate_created_at(self, line: Line) -> str:
        return moment_written(line.refund.created_at)

    def dehydrate_accepted_at(self, line: Line) -> str:
        return moment_written(line.refund.accepted_at)

    def dehydrate_succeeded_at(self, line: Line) -> str:
        return moment_written(line.refund.succeeded_at)

    def dehydrate_specs(self, line: Line) -> str:
        return " ".join(line.item.order_item.specs.values()) if line.item else ""


def _lines(refunds: Iterable[Refund]) -> Iterator[Line]:
    for refund in refunds:
        for number, item in enumerate(refund.items.all() or [None]):
            yield Line(refund, item, is_first=number == 0)
