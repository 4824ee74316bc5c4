"""Tell WeChat what has left the house, so that the shop gets its money."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from orders.carriers import OTHER
from orders.errors import IllegalTransition
from orders.locks import order_lock, shipping_upload_lock
from orders.models import (
    Order,
    OrderStatus,
    Payment,
    RefundState,
    Shipment,
    ShippingUpload,
    UploadState,
)
from shop.errors import ShopError
from shop.queue import job_enqueue
from shop.wechat import shipping
from shop.wechat.errors import WeChatDeclined, WeChatUnavailable

logger = logging.getLogger(__name__)

# WeChat's shipping knows a payment a minute after Pay does, says its support.
PAYMENT_KNOWN_AFTER = timedelta(hours=1)
# A job that fails is tried again within an hour, and leaves its trace in the row.
LOST_AFTER = timedelta(hours=2)
_BATCH_SIZE = 1000
_DELIVERED = (shipping.DELIVERED, shipping.CHANGE_USED)


@dataclass(frozen=True)
class _Request:
    """What is sent; `requested_at` tells it from one with another content."""

    upload_id: int
    payment: Payment
    openid: str
    phone: str
    parcels: list[shipping.Parcel]
    requested_at: datetime
    is_first: bool
    # What WeChat had before.
    had: Any

    def end(self, state: UploadState, **fields: Any) -> None:
        """Write what became of it, unless a correction has replaced it meanwhile."""
        rows = ShippingUpload.objects.filter(
            pk=self.upload_id, state=UploadState.PENDING, requested_at=self.requested_at
        )
        values = {"state": state, "errcode": None, "error": "", **fields}
        rows.update(updated_at=timezone.now(), **values)


def shipping_upload_enqueue(*, order: Order) -> None:
    """Have WeChat told of all parcels of an order that has left, or of a correction.

    Locks: the caller's transaction holds the order's lock.
    """
    ShippingUpload.objects.update_or_create(
        order=order,
        defaults={
            "state": UploadState.PENDING,
            "requested_at": None,
            "tries": 0,
            "errcode": None,
            "error": "",
        },
    )
    job_enqueue("orders.jobs.shipping_upload_send", order_id=order.pk)


@transaction.atomic
def shipping_upload_resend(*, order_id: int) -> None:
    """Upload once more what WeChat has refused.

    Locks: the order, its upload.
    Raises: IllegalTransition.
    """
    upload = _failed_lock(order_id)
    shipping_upload_enqueue(order=upload.order)


@transaction.atomic
def shipping_upload_drop(*, order_id: int, reason: str) -> None:
    """Leave at that what WeChat has refused: staff have seen to it.

    Locks: the order, its upload.
    Raises: IllegalTransition.
    """
    upload = _failed_lock(order_id)
    upload.state, upload.error = UploadState.DROPPED, reason
    upload.save()


def _failed_lock(order_id: int) -> ShippingUpload:
    upload = shipping_upload_lock(order_lock(order_id))
    if upload.state != UploadState.FAILED:
        raise IllegalTransition(
            f"发货信息{upload.get_state_display()},不用再处理", status=upload.state
        )
    return upload


def shipping_upload_send(*, order_id: int) -> None:
    """Upload the parcels of an order; does nothing when WeChat has answered already.

    Locks: the order and its upload, not during the call.
    Raises: ShopError, when it must be tried again.
    """
    request = _request(order_id, _carriers_known())
    if request is None:
        return
    try:
        shipping.shipping_upload(
            transaction_id=request.payment.transaction_id or "",
            openid=request.openid,
            phone=request.phone,
            parcels=request.parcels,
            uploaded_at=request.requested_at,
        )
    except WeChatDeclined as error:
        _declined(request, error.errcode)
    except ShopError as error:
        request.end(UploadState.PENDING, error=error.message)
        raise
    else:
        request.end(
            UploadState.SUCCEEDED,
            parcels=[asdict(parcel) for parcel in request.parcels],
            succeeded_at=timezone.now(),
        )


def _declined(request: _Request, errcode: int) -> None:
    """Write down what a refusal means.

    Raises: WeChatUnavailable, when WeChat may come to know the payment yet.
    """
    text = shipping.REFUSALS.get(errcode, f"微信拒绝,错误码{errcode}")
    if errcode == shipping.PAYMENT_UNKNOWN and _is_fresh(request.payment):
        request.end(UploadState.PENDING, errcode=errcode, error=text)
        raise WeChatUnavailable
    if errcode in _DELIVERED and request.is_first:
        # Somebody has entered it by hand: the money is free, which we wanted.
        request.end(
            UploadState.SUCCEEDED,
            errcode=errcode,
            error="微信已有发货信息,以微信后台为准",
            succeeded_at=timezone.now(),
        )
        return
    logger.error(
        "shipping upload of payment %s refused: errcode %d",
        request.payment.out_trade_no,
        errcode,
    )
    request.end(UploadState.FAILED, errcode=errcode, error=text, parcels=request.had)


def _is_fresh(payment: Payment) -> bool:
    now = timezone.now()
    return (payment.paid_at or now) > now - PAYMENT_KNOWN_AFTER


@transaction.atomic(durable=True)
def _request(order_id: int, known: Collection[str] | None) -> _Request | None:
    """Return what is to be sent; None, with the reason in the row, when nothing is."""
    order = order_lock(order_id)
    upload = shipping_upload_lock(order)
    if upload.state != UploadState.PENDING:
        return None
    payment = order.payments.succeeded().get()
    request = _Request(
        upload_id=upload.pk,
        payment=payment,
        openid=_payer(order, payment),
        phone=order.phone,
        parcels=parcels_of(order, known),
        requested_at=upload.requested_at or timezone.now(),
        is_first=upload.succeeded_at is None,
        had=upload.parcels,
    )
    end = _end_unasked(order, request)
    if end:
        upload.state, upload.error = end
    else:
        upload.tries += 1
        # Until it answers, nobody knows what WeChat has.
        upload.requested_at, upload.parcels = request.requested_at, None
    upload.save()
    return None if end else request


def _payer(order: Order, payment: Payment) -> str:
    payer = (payment.facts or {}).get("payer", {})
    return payer.get("openid") or order.user.openid or ""


def _end_unasked(order: Order, request: _Request) -> tuple[UploadState, str] | None:
    """Return how an upload ends that WeChat need not, or can't, be asked for."""
    if _is_undone(order, request.payment):
        return UploadState.DROPPED, "订单已取消或已全额退款"
    if not request.openid:
        return UploadState.FAILED, "买家已注销,请在微信小程序后台录入发货信息"
    if request.had == [asdict(parcel) for parcel in request.parcels]:
        return UploadState.SUCCEEDED, ""
    return None


def _is_undone(order: Order, payment: Payment) -> bool:
    if order.status not in (OrderStatus.SHIPPED, OrderStatus.COMPLETED):
        return True
    refunds = payment.refunds.filter(state=RefundState.SUCCEEDED)
    refunded = refunds.aggregate(total=Sum("amount"))["total"]
    return refunded is not None and refunded >= payment.amount


def _carriers_known() -> list[str] | None:
    """Return WeChat's carriers; None when they are not to be had now."""
    try:
        return shipping.delivery_list()
    except ShopError:
        return None


def parcels_of(order: Order, known: Collection[str] | None) -> list[shipping.Parcel]:
    """Return an order's parcels as WeChat can take them.

    WeChat lists so many parcels, of carriers that it knows; what else has left is
    described with the last of them. An order without a parcel that WeChat could follow
    is the shop's own delivery.
    """
    listed: list[Shipment] = []
    rest: list[Shipment] = []
    for shipment in order.shipments.prefetch_related("items__order_item"):
        code = shipment.carrier
        is_known = code != OTHER if known is None else code in known
        fits = is_known and len(listed) < shipping.PARCELS_MAX
        (listed if fits else rest).append(shipment)
    if not listed:
        return [shipping.Parcel(_content(rest))]
    contents = [[shipment] for shipment in listed]
    contents[-1] += rest
    return [
        shipping.Parcel(_content(content), shipment.carrier, shipment.tracking_no)
        for shipment, content in zip(listed, contents, strict=True)
    ]


def _content(shipments: Sequence[Shipment]) -> str:
    pieces = (
        f"{item.order_item.name}*{item.quantity}"
        for shipment in shipments
        for item in shipment.items.all()
    )
    return "、".join(pieces)[: shipping.DESCRIPTION_MAX]


def shipping_uploads_resume(*, now: datetime | None = None) -> int:
    """Queue again what has been pending without a try for long; return how many.

    Its job was deleted, or lost with the database's last seconds.
    """
    now = now or timezone.now()
    lost = ShippingUpload.objects.filter(
        state=UploadState.PENDING, updated_at__lte=now - LOST_AFTER
    )
    orders = lost.order_by("updated_at").values_list("order_id", flat=True)
    count = 0
    for order_id in orders[:_BATCH_SIZE]:
        with transaction.atomic(durable=True):
            # Another run may have been quicker.
            if lost.filter(order=order_id).update(updated_at=now):
                job_enqueue("orders.jobs.shipping_upload_send", order_id=order_id)
                count += 1
    return count
