"""Parcels: which order left with whom, under which number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from orders.admin.cells import item_name
from orders.locks import orders_lock
from orders.models import Order, OrderStatus, Shipment
from orders.services.fulfilment import lines_left, order_ship
from orders.services.readdressing import destination_seal
from orders.sheets.columns import NOT_READ, Carrier, Receiver, TrackingNo
from shop.sheets.kinds import (
    Checked,
    Column,
    Finding,
    Row,
    SheetKind,
    Unit,
    duplicates_noted,
    finding_of,
)

# Enough to tell apart the addresses of one order.
_SEAL_LETTERS = 12


class ParcelSheet(SheetKind):
    """A row ships all that is left of an order, in one parcel."""

    name = "parcels"
    title = "待发货"
    import_title = "批量发货"
    import_permission = "orders.ship_order"
    # The table of what waits; it is there to be filled in.
    export_permission = "orders.ship_order"
    explanation = (
        "先导出待发货表,填写快递公司和快递单号,删除还不发的订单,再上传。"
        "每行把一个订单剩下的商品全部登记在一个包裹里;"
        "要分几个包裹发的订单,请在订单页面发货。"
    )

    order_no = Column(
        "订单号",
        attribute="order_no",
        is_needed=True,
        hint="每个订单只能有一行",
        example="261126103000123AB3CD0001",
    )
    carrier = Column(
        "快递公司",
        Carrier(),
        is_needed=True,
        hint="名称或代码,例如:顺丰速运、SF",
        example="顺丰速运",
    )
    tracking_no = Column(
        "快递单号",
        TrackingNo(),
        is_needed=True,
        hint="4到64位字母、数字和横线",
        example="SF1234567890123",
    )
    receiver = Column("收货人", hint=NOT_READ)
    phone = Column("手机号", hint=NOT_READ)
    address = Column("地址", hint=NOT_READ)
    goods = Column("商品", hint=NOT_READ)
    remark = Column("买家留言", attribute="remark", hint=NOT_READ)
    seal = Column(
        "地址校验", hint="导出时自带,不要改;导出之后改过收货地址的订单会被拒绝"
    )

    def __init__(self, user: Any) -> None:
        super().__init__(user)
        self._receiver = Receiver(user)

    @property
    def shows_people(self) -> bool:
        """Tell whether the receivers are shown whole."""
        return self._receiver.is_shown

    # --- Export ----------------------------------------------------------------------

    def narrowed(self, queryset: Any) -> Any:
        """Keep what waits to be shipped."""
        return queryset.to_ship()

    def instances(self, ids: Sequence[int]) -> Iterator[Any]:
        """Yield the orders of which something can leave, in the order of the ids."""
        found = Order.objects.to_ship().in_bulk(list(ids))
        for pk in ids:
            order: Any = found.get(pk)
            if order is None:
                continue
            order.left = {item: n for item, n in lines_left(order).items() if n}
            if order.left:
                yield order

    def dehydrate_carrier(self, order: Order) -> str:
        return ""

    def dehydrate_tracking_no(self, order: Order) -> str:
        return ""

    def dehydrate_receiver(self, order: Order) -> str:
        return self._receiver.name(order)

    def dehydrate_phone(self, order: Order) -> str:
        return self._receiver.phone(order)

    def dehydrate_address(self, order: Order) -> str:
        return self._receiver.address(order)

    def dehydrate_goods(self, order: Any) -> str:
        return "、".join(f"{item_name(item)}×{n}" for item, n in order.left.items())

    def dehydrate_seal(self, order: Order) -> str:
        return destination_seal(order)[:_SEAL_LETTERS]

    # --- Import ----------------------------------------------------------------------

    def units(self, rows: Iterable[Row]) -> Iterator[Unit]:
        """Note an order, and a parcel, that comes twice."""
        rows = duplicates_noted(rows, "订单号", key=str.upper)
        return super().units(duplicates_noted(rows, "快递单号", key=str.upper))

    def lock(self, units: Sequence[Unit]) -> None:
        """Lock the orders."""
        orders_lock(order.pk for order in _orders(units).values())

    def check(self, units: Sequence[Unit]) -> list[Checked]:
        """Look whether each order can leave, and each number is new."""
        orders, booked = _orders(units), _booked(units)
        return [
            self._checked(finding_of(row), orders, booked)
            for unit in units
            for row in unit
        ]

    def write(self, arguments: Any, *, reference: str) -> None:
        """Ship one order."""
        order_ship(**arguments, operator_id=self.user.pk)

    def _checked(
        self,
        finding: Finding,
        orders: Mapping[str, Order],
        booked: Mapping[str, str],
    ) -> Checked:
        number = str(self.read(finding, self.fields["order_no"]) or "").upper()
        carrier = self.read(finding, self.fields["carrier"])
        tracking_no = self.read(finding, self.fields["tracking_no"])
        finding.name = number
        order = orders.get(number)
        if order is None:
            finding.refuse("订单号", "订单不存在")
        else:
            _require_shippable(finding, order)
            _require_address(finding, order)
        if tracking_no in booked:
            finding.refuse("快递单号", f"已登记在订单{booked[tracking_no]}")
        checked = Checked([finding])
        if order is not None and checked.is_clean:
            parcel = Shipment(order=order, carrier=carrier, tracking_no=tracking_no)
            finding.change("包裹", "", parcel)
            checked.arguments = {
                "order_id": order.pk,
                "carrier": carrier,
                "tracking_no": tracking_no,
            }
        return checked


def _require_shippable(finding: Finding, order: Order) -> None:
    if order.status != OrderStatus.PAID or order.is_closing:
        state = "关闭中" if order.is_closing else order.get_status_display()
        finding.refuse("订单号", f"订单{state},不能发货")
    elif not any(lines_left(order).values()):
        finding.refuse("订单号", "商品都在退款中,没有可以发货的")


def _require_address(finding: Finding, order: Order) -> None:
    """Refuse a parcel whose label, made from the sheet, has the address of before."""
    seal = finding.row.cells.get("地址校验", "")
    if seal and not destination_seal(order).startswith(seal):
        finding.refuse("地址校验", "导出之后改过收货地址,请重新导出并更换面单")


def _orders(units: Sequence[Unit]) -> dict[str, Order]:
    numbers = {row.cells.get("订单号", "").upper() for unit in units for row in unit}
    return {
        order.order_no: order for order in Order.objects.filter(order_no__in=numbers)
    }


def _booked(units: Sequence[Unit]) -> dict[str, str]:
    """Return the orders of parcels that have such a number already, by it."""
    numbers = {row.cells.get("快递单号", "").upper() for unit in units for row in unit}
    rows = Shipment.objects.filter(tracking_no__in=numbers - {""})
    return dict(rows.values_list("tracking_no", "order__order_no"))
