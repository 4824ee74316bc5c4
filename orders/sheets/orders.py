"""Orders, a row for each line of theirs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orders.admin.stages import HAS_PARCELS, STAGES, stage_of
from orders.models import Order, OrderItem
from orders.sheets.columns import Receiver, moment_written
from shop.sheets.kinds import Column, SheetKind


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and whether it is its order's first: amounts stand there alone."""

    order: Order
    item: OrderItem
    is_first: bool


class OrderSheet(SheetKind):
    """A column of amounts adds up: each order's own stands once."""

    name = "orders"
    title = "订单"
    export_permission = "orders.export_order"

    order_no = Column("订单号", attribute="order__order_no")
    stage = Column("状态")
    created_at = Column("下单时间")
    paid_at = Column("付款时间")
    shipped_at = Column("发货时间")
    completed_at = Column("完成时间")
    receiver = Column("收货人")
    phone = Column("手机号")
    address = Column("地址")
    remark = Column("买家留言", attribute="order__remark")
    goods_amount = Column("商品金额", is_number=True)
    freight_amount = Column("运费", is_number=True)
    discount_amount = Column("优惠", is_number=True)
    total_amount = Column("应付金额", is_number=True)
    refunded_amount = Column("已退金额", is_number=True)
    product = Column("商品", attribute="item__name")
    specs = Column("规格")
    price = Column("单价", attribute="item__price", is_number=True)
    quantity = Column("数量", attribute="item__quantity", is_number=True)
    refunded = Column("退款数量", attribute="item__refund_quantity", is_number=True)
    parcels = Column("快递")

    def __init__(self, user: Any) -> None:
        super().__init__(user)
        self._receiver = Receiver(user)

    @property
    def shows_people(self) -> bool:
        """Tell whether the receivers are shown whole."""
        return self._receiver.is_shown

    def instances(self, ids: Sequence[int]) -> Iterable[Line]:
        """Return the lines of orders in the order of the ids."""
        rows = Order.objects.filter(pk__in=ids).annotate(has_parcels=HAS_PARCELS)
        found = rows.prefetch_related("items", "shipments", "refunds").in_bulk()
        return _lines(found[pk] for pk in ids if pk in found)

    def dehydrate_stage(self, line: Line) -> str:
        return STAGES[stage_of(line.order)].word

    def dehydrate_created_at(self, line: Line) -> str:
        return moment_written(line.order.created_at)

    def dehydrate_paid_at(self, line: Line) -> str:
        return moment_written(line.order.paid_at)

    def dehydrate_shipped_at(self, line: Line) -> str:
        return moment_written(line.order.shipped_at)

    def dehydrate_completed_at(self, line: Line) -> str:
        return moment_written(line.order.completed_at)

    def dehydrate_receiver(self, line: Line) -> str:
        return self._receiver.name(line.order)

    def dehydrate_phone(self, line: Line) -> str:
        return self._receiver.phone(line.order)

    def dehydrate_address(self, line: Line) -> str:
        return self._receiver.address(line.order)

    def dehydrate_goods_amount(self, line: Line) -> str:
        return _once(line, "goods_amount")

    def dehydrate_freight_amount(self, line: Line) -> str:
        return _once(line, "freight_amount")

    def dehydrate_discount_amount(self, line: Line) -> str:
        return _once(line, "discount_amount")

    def dehydrate_total_amount(self, line: Line) -> str:
        return _once(line, "total_amount")

    def dehydrate_refunded_amount(self, line: Line) -> str:
        return _once(line, "refunded_amount")

    def dehydrate_specs(self, line: Line) -> str:
        return " ".join(line.item.specs.values())

    def dehydrate_parcels(self, line: Line) -> str:
        return "、".join(map(str, line.order.shipments.all()))


def _lines(orders: Iterable[Order]) -> Iterator[Line]:
    for order in orders:
        for number, item in enumerate(order.items.all()):
            yield Line(order, item, is_first=number == 0)


def _once(line: Line, name: str) -> str:
    return str(getattr(line.order, name)) if line.is_first else ""
