"""The tables of an order's page: lines, parcels, payments, and what happened when."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from orders.admin.stages import CLOSING
from orders.models import (
    Order,
    OrderEvent,
    OrderItem,
    OrderStatus,
    Payment,
    ShippingUpload,
)
from orders.services.fulfilment import lines_left
from shop.back_office.figures import moment, money
from shop.back_office.tables import Table


def item_name(item: OrderItem) -> str:
    """Return a line's product with its specs."""
    specs = " ".join(item.specs.values())
    return f"{item.name}({specs})" if specs else item.name


def destination(order: Order) -> str:
    return f"{order.province}{order.city}{order.district}{order.detail}"


def link(page: str, target: Order | Payment) -> str:
    """Return a link to the page of an order or of a payment, named by its number."""
    return format_html(
        '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
        reverse(f"admin:{page}", args=[target.pk]),
        target,
    )


def order_tables(request: HttpRequest, order: Order) -> list[Table]:
    """Return what belongs to an order, as far as staff may see it."""
    order = _loaded(order)
    tables = [_lines(order), _parcels(order)]
    if request.user.has_perm("orders.view_payment"):
        tables.append(_payments(order))
    if request.user.has_perm("orders.view_shippingupload"):
        tables.append(_upload(order))
    tables.append(_timeline(order))
    return [table for table in tables if table.rows]


def _loaded(order: Order) -> Order:
    """Return the order with everything that the tables read of it."""
    related = (
        "shipments__items__order_item",
        "shipments__operator",
        "payments",
        "closing_by",
        "events__operator",
        "price_changes__operator",
    )
    return Order.objects.prefetch_related(*related).get(pk=order.pk)


def _lines(order: Order) -> Table:
    rows = [
        [
            item_name(item),
            money(item.price),
            item.quantity,
            money(item.price * item.quantity),
            item.quantity - left,
        ]
        for item, left in lines_left(order).items()
    ]
    return Table("商品", ["商品", "单价", "数量", "小计", "已发"], rows)


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


def _payments(order: Order) -> Table:
    rows = [
        [
            link("orders_payment_change", payment),
            payment.get_state_display(),
            money(payment.amount),
            payment.transaction_id or "-",
            moment(payment.created_at),
            moment(payment.paid_at),
        ]
        for payment in order.payments.all()
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


def _timeline(order: Order) -> Table:
    """Merge all that has a time of its own, oldest first.

    A parcel that leaves something behind moves no status, so it has no event: the
    parcel itself is the trace.
    """
    found = sorted(
        [*_events(order), *_shippings(order), *_price_changes(order)],
        key=lambda row: row[0],
    )
    rows = [
        [moment(when), what, str(who or "系统"), why or "-"]
        for when, what, who, why in found
    ]
    return Table("动态", ["时间", "事件", "操作人", "说明"], rows)


def _events(order: Order) -> Iterator[tuple[Any, ...]]:
    if order.is_closing:
        yield order.closing_at, CLOSING, order.closing_by, order.close_reason
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
