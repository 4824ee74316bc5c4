"""From paid to completed: shipping, receipt, and putting an order out of sight."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from orders.errors import (
    AddressChanged,
    IllegalTransition,
    ParcelBooked,
    PiecesExceeded,
)
from orders.locks import order_lock, own_order_lock
from orders.models import (
    Order,
    OrderItem,
    OrderStatus,
    Refund,
    RefundItem,
    Shipment,
    ShipmentItem,
)
from orders.models.order import OrderQuerySet
from orders.models.refund_states import DROPPED
from orders.services.readdressing import destination_seal
from orders.services.shipping_uploads import shipping_upload_enqueue
from orders.services.transitions import order_move
from shop.errors import Invalid

logger = logging.getLogger(__name__)

_BATCH_SIZE = 1000


@transaction.atomic
def order_ship(
    *,
    order_id: int,
    carrier: str,
    tracking_no: str,
    operator_id: int | None,
    quantities: Mapping[int, int] | None = None,
    seen: str = "",
) -> Shipment:
    """Book a parcel of a paid order; with the last piece the order is shipped.

    `quantities` are pieces by the id of the order's line; None is all that is left.
    `seen` is the `destination_seal` of the address that the parcel bears, if known.
    A parcel that leaves something behind moves nothing: it is its own trace.

    Locks: the order.
    Raises: IllegalTransition, AddressChanged, ParcelBooked, PiecesExceeded, Invalid.
    """
    order = order_lock(order_id)
    if seen and seen != destination_seal(order):
        raise AddressChanged
    if order.status != OrderStatus.PAID or order.is_closing:
        state = "关闭中" if order.is_closing else order.get_status_display()
        raise IllegalTransition(f"订单{state},不能发货", status=order.status)
    shipment = Shipment(order=order, carrier=carrier, tracking_no=tracking_no)
    shipment.shipped_at, shipment.operator_id = timezone.now(), operator_id
    _parcel_save(shipment)
    left = lines_left(order)
    packed = _packed(left, quantities)
    ShipmentItem.objects.bulk_create(
        ShipmentItem(shipment=shipment, order_item=item, quantity=quantity)
        for item, quantity in packed.items()
    )
    if is_all_gone(order):
        order_move(
            order=order,
            to=OrderStatus.SHIPPED,
            operator_id=operator_id,
            reason=str(shipment),
            shipped_at=shipment.shipped_at,
        )
    return shipment


def lines_left(order: Order) -> dict[OrderItem, int]:
    """Return each line with how many of its pieces can leave.

    Those of a refund can't, from its request on.
    """
    return lines_unshipped(order, RefundItem.objects.exclude(refund__state__in=DROPPED))


def lines_unshipped(
    order: Order, refunded: QuerySet[RefundItem]
) -> dict[OrderItem, int]:
    """Return each line with how many of its pieces neither left nor are `refunded`."""
    items = _counted(order.items.order_by("pk"), refunded)
    return {item: item.quantity - item.shipped - item.held for item in items}


def lines_to_pack(orders: Iterable[Order]) -> dict[int, dict[OrderItem, int]]:
    """Return by order each line with its pieces for the slip, in one statement.

    They are those that can leave; of an order that has left, those that did. An order
    of which refunds hold all is left out.
    """
    refunded = RefundItem.objects.exclude(refund__state__in=DROPPED)
    items = OrderItem.objects.filter(order__in=orders).select_related("order", "sku")
    lines: dict[int, dict[OrderItem, int]] = {}
    for item in _counted(items.order_by("pk"), refunded):
        has_left = item.order.status != OrderStatus.PAID
        left = item.quantity - item.shipped - item.held
        if pieces := item.shipped if has_left else left:
            lines.setdefault(item.order_id, {})[item] = pieces
    return lines


def orders_with_pieces_left(orders: OrderQuerySet) -> OrderQuerySet:
    """Keep the orders of which a piece neither left nor is held by a refund."""
    refunded = RefundItem.objects.exclude(refund__state__in=DROPPED)
    items = _counted(OrderItem.objects.filter(order=OuterRef("pk")), refunded)
    left = items.filter(quantity__gt=F("shipped") + F("held"))
    return orders.filter(Exists(left))


def pieces_waiting(sku_ids: Collection[int]) -> dict[int, int]:
    """Return by SKU the pieces that orders have taken from the stock and not sent.

    Those of a refund are back in the stock once WeChat has taken it.
    """
    open_orders = (OrderStatus.PENDING, OrderStatus.PAID)
    rows = OrderItem.objects.filter(sku__in=sku_ids, order__status__in=open_orders)
    taken = RefundItem.objects.filter(refund__accepted_at__isnull=False)
    pieces: Counter[int] = Counter()
    for item in _counted(rows, taken):
        pieces[item.sku_id] += item.quantity - item.shipped - item.held
    return dict(pieces)


def _counted(items: Any, refunded: QuerySet[RefundItem]) -> Any:
    """Add to lines how many pieces are `shipped`, and `held` by refunds."""
    return items.annotate(
        shipped=_sum(ShipmentItem.objects.all(), "quantity"),
        held=_sum(refunded, "unshipped_quantity"),
    )


def is_all_gone(order: Order) -> bool:
    """Tell whether each piece has left, or WeChat has taken the refund of it before.

    One whose refund may still come to nothing has to leave then.
    """
    taken = RefundItem.objects.filter(refund__accepted_at__isnull=False)
    return not any(lines_unshipped(order, taken).values())


def _sum(rows: QuerySet[Any], column: str) -> Any:
    """Add up a column of what belongs to a line."""
    of_line = rows.filter(order_item=OuterRef("pk")).order_by().values("order_item")
    return Coalesce(Subquery(of_line.annotate(sum=Sum(F(column))).values("sum")), 0)


def _packed(
    left: Mapping[OrderItem, int], quantities: Mapping[int, int] | None
) -> dict[OrderItem, int]:
    """Return what goes into a parcel, without the lines that don't.

    Raises: PiecesExceeded, Invalid.
    """
    if quantities is None:
        quantities = {item.pk: count for item, count in left.items()}
    known = {item.pk: item for item in left}
    wanted = {pk: count for pk, count in quantities.items() if count}
    if not wanted or wanted.keys() - known.keys() or min(wanted.values()) < 1:
        raise Invalid.field("quantities", "请选择要发货的商品和数量")
    packed = {known[pk]: count for pk, count in wanted.items()}
    _require_left(left, packed)
    return packed


def _require_left(
    left: Mapping[OrderItem, int], packed: Mapping[OrderItem, int]
) -> None:
    exceeded = [item for item, count in packed.items() if count > left[item]]
    if exceeded:
        raise PiecesExceeded(
            f"商品{exceeded[0].name}只剩{left[exceeded[0]]}件未发货",
            items=[
                {
                    "itemId": item.pk,
                    "name": item.name,
                    "requested": packed[item],
                    "left": left[item],
                }
                for item in exceeded
            ],
        )


@transaction.atomic
def shipment_correct(*, shipment_id: int, carrier: str, tracking_no: str) -> Shipment:
    """Mend a parcel's carrier or number; what was in it stays.

    What WeChat has been told already, it is told anew.

    Locks: the order.
    Raises: IllegalTransition, ParcelBooked.
    """
    order_id = Shipment.objects.values_list("order_id", flat=True).get(pk=shipment_id)
    order = order_lock(order_id)
    if order.is_ended:
        raise IllegalTransition(
            f"订单{order.get_status_display()},不能更正运单", status=order.status
        )
    shipment = order.shipments.get(pk=shipment_id)
    shipment.carrier, shipment.tracking_no = carrier, tracking_no
    _parcel_save(shipment)
    if order.status == OrderStatus.SHIPPED:
        shipping_upload_enqueue(order=order)
    return shipment


def _parcel_save(shipment: Shipment) -> None:
    """Save a parcel that the order does not have yet.

    Raises: ParcelBooked.
    """
    try:
        with transaction.atomic():
            shipment.save()
    except IntegrityError as error:
        raise ParcelBooked from error


@transaction.atomic(durable=True)
def order_confirm(*, order_no: str, user_id: int) -> Order:
    """Complete a shipped order: the shopper has the goods.

    Locks: the order.
    Raises: OrderNotFound, IllegalTransition.
    """
    order = own_order_lock(order_no, user_id)
    _complete(order, operator_id=user_id, reason="买家确认收货")
    return order


def orders_confirm_due(*, now: datetime | None = None) -> int:
    """Complete what was shipped ORDER_CONFIRM_DAYS ago; return how many.

    An order of which money may yet go back waits: once it is completed, the shop is
    paid and the time to ask for more has begun.

    At most a batch: the next run goes on. One order that can't be completed holds up
    no other.

    Locks: one order at a time.
    """
    days = timedelta(days=settings.ORDER_CONFIRM_DAYS)
    shipped = Order.objects.filter(
        ~Exists(Refund.objects.unfinished().filter(order=OuterRef("pk"))),
        status=OrderStatus.SHIPPED,
        shipped_at__lte=(now or timezone.now()) - days,
    ).order_by("shipped_at")
    return sum(map(_confirm_one, shipped.values_list("pk", flat=True)[:_BATCH_SIZE]))


def _confirm_one(order_id: int) -> bool:
    try:
        with transaction.atomic(durable=True):
            order = order_lock(order_id)
            # One may have been asked for at this moment.
            if order.refunds.unfinished().exists():
                return False
            _complete(order, operator_id=None, reason="系统自动确认收货")
    except IllegalTransition:
        # The shopper confirmed at the same moment.
        return False
    except Exception:
        logger.exception("order %d stays unconfirmed", order_id)
        return False
    return True


def _complete(order: Order, *, operator_id: int | None, reason: str) -> None:
    order_move(
        order=order,
        to=OrderStatus.COMPLETED,
        operator_id=operator_id,
        reason=reason,
        completed_at=timezone.now(),
    )


@transaction.atomic(durable=True)
def order_hide(*, order_no: str, user_id: int) -> None:
    """Put an ended order out of the shopper's sight; the shop keeps it.

    Locks: the order.
    Raises: OrderNotFound, IllegalTransition.
    """
    order = own_order_lock(order_no, user_id)
    if not order.is_ended:
        raise IllegalTransition(status=order.status)
    order.hidden_at = timezone.now()
    order.save(update_fields=["hidden_at", "updated_at"])
