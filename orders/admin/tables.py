"""The tables of an order's page: lines, parcels, payments, and what happened when."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.http import HttpRequest

from orders.admin.cells import item_name, link
from orders.admin.stages import STAGES, stage_of
from orders.models import (
    Order,
    OrderEvent,
    OrderStatus,
    Payment,
    Refund,
    RefundEvent,
    RefundState,
    ShippingUpload,
)
from shop.back_office.figures import moment, money
from shop.back_office.tables import Table

# What happened to a refund, by the state that it came to.
REFUND_STEPS: Mapping[str, str] = {
    RefundState.REQUESTED: "申请退款",
    RefundState.APPROVED: "同意退款",
    RefundState.PROCESSING: "微信受理退款",
    RefundState.SUCCEEDED: "退款到账",
    RefundState.FAILED: "退款失败",
    RefundState.REJECTED: "拒绝退款",
    RefundState.WITHDRAWN: "撤回退款",
}


def refund_step(event: RefundEvent) -> str:
    """Return what happened to a refund."""
    return event.get_deed_display() if event.deed else REFUND_STEPS[event.to_state]


def order_tables(request: HttpRequest, order: Order) -> list[Table]:
    """Return what belongs to an order, as far as staff may see it."""
    order = _loaded(order)
    tables = [_lines(order), _parcels(order)]
    if request.user.has_perm("orders.view_payment"):
        tables.append(_payments(order.payments.all()))
    refunds = order.refunds.all() if request.user.has_perm("orders.view_refund") else []
    tables.append(refunds_table(refunds))
    if request.user.has_perm("orders.view_shippingupload"):
        tables.append(_upload(order))
    tables.append(_timeline(order, refunds))
    return [table for table in tables if table.rows]


def _loaded(order: Order) -> Order:
    """Return the order with everything that the tables read of it."""
    related = (
        "items",
        "shipments__items__order_item",
        "shipments__operator",
        "payments",
        "closing_by",
        "events__operator",
        "price_changes__operator",
        "refunds__events__operator",
    )
    return Order.objects.prefetch_related(*related).get(pk=order.pk)


def _lines(order: Order) -> Table:
    shipped: Counter[int] = Counter()
    for parcel in order.shipments.all():
        for line in parcel.items.all():
            shipped[line.order_item_id] += line.quantity
    rows = [
        [
            item_name(item),
            money(item.price),
            item.quantity,
            money(item.price * item.quantity),
            shipped[item.pk],
            item.refund_quantity,
        ]
        for item in order.items.all()
    ]
    headers = ["商品", "单价", "数量", "小计", "已发", "退款"]
    return Table("商品", headers, rows)


def _parcels(order: Order) -> Table:
    rows = [
        [
            parcel.carrier_name,
            parcel.tracking_no,
            _content(parcel),
            moment(parcel.shipped_at),
        ]
        for parcel in order.shipments.all()
    ]
    return Table("包裹", ["快递公司", "快递单号", "内容", "发货时间"], rows)


def _content(parcel: Any) -> str:
    return "、".join(
        f"{item_name(line.order_item)} × {line.quantity}" for line in parcel.items.all()
    )


def _payments(payments: Iterable[Payment]) -> Table:
    rows = [
        [
            link("orders_payment_change", payment),
            payment.get_state_display(),
            money(payment.amount),
            payment.transaction_id or "-",
            moment(payment.created_at),
            moment(payment.paid_at),
        ]
        for payment in payments
    ]
    headers = ["商户单号", "状态", "金额", "微信单号", "创建时间", "支付时间"]
    return Table("支付", headers, rows)


def _upload(order: Order) -> Table:
    rows = [
        [
            upload.get_state_display(),
            upload.error or "-",
            upload.tries,
            moment(upload.updated_at),
        ]
        for upload in ShippingUpload.objects.filter(order=order)
    ]
    return Table("发货上报", ["状态", "说明", "次数", "更新时间"], rows)


def refunds_table(refunds: Iterable[Refund]) -> Table:
    """Return the refunds of an order or of a payment."""
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


def _timeline(order: Order, refunds: Iterable[Refund]) -> Table:
    """Merge all that has a time of its own, oldest first.

    A parcel that leaves something behind moves no status, so it has no event: the
    parcel itself is the trace.
    """
    found = sorted(
        [
            *_events(order),
            *_shippings(order),
            *_price_changes(order),
            *_refund_steps(refunds),
        ],
        key=lambda row: row[0],
    )
    rows = [
        [moment(when), what, str(who or "系统"), why or "-"]
        for when, what, who, why in found
    ]
    return Table("动态", ["时间", "事件", "操作人", "说明"], rows)


def _events(order: Order) -> Iterator[tuple[Any, ...]]:
    if order.is_closing:
        word = STAGES[stage_of(order)].word
        yield order.closing_at, word, order.closing_by, order.close_reason
    for event in order.events.all():
        yield event.created_at, _event_name(event), event.operator, event.reason


def _event_name(event: OrderEvent) -> str:
    return (
        f"变为{OrderStatus(event.to_status).label}" if event.from_status else "买家下单"
    )


def _shippings(order: Order) -> Iterator[tuple[Any, ...]]:
    for parcel in order.shipments.all():
        what = f"{parcel}:{_content(parcel)}"
        yield parcel.shipped_at, "发出包裹", parcel.operator, what


def _price_changes(order: Order) -> Iterator[tuple[Any, ...]]:
    for change in order.price_changes.all():
        totals = change.old_total_amount, change.new_total_amount
        why = (
            f"应付金额{' → '.join(map(money, totals))},"
            f"运费{money(change.new_freight_amount)},"
            f"优惠{money(change.new_discount_amount)};原因:{change.reason}"
        )
        yield change.created_at, "改价", change.operator, why


def _refund_steps(refunds: Iterable[Refund]) -> Iterator[tuple[Any, ...]]:
    for refund in refunds:
        for event in refund.events.all():
            why = " ".join(filter(None, [refund.refund_no, event.reason]))
            yield event.created_at, refund_step(event), event.operator, why
