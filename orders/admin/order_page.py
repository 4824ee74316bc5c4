"""What the page of an order shows, as far as its reader may see it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest
from django.urls import reverse

from orders.admin.cells import parcel_content
from orders.admin.slips import packing_url
from orders.admin.stages import STAGES, stage_of
from orders.admin.timeline import timeline
from orders.models import (
    Order,
    OrderItem,
    OrderStatus,
    Review,
    ReviewState,
    Shipment,
    UploadState,
)
from orders.models.refund_states import WAITING
from orders.services.logistics import parcels_traced
from shop.api.images import image_url
from shop.back_office.figures import moment, money
from shop.back_office.masking import (
    address_shown,
    name_shown,
    phone_shown,
    shows_people,
)

# With what tells which actions there are.
PARCELS = Prefetch("shipments", Shipment.objects.select_related("operator"))
# Asks for the traces, which are not worth a call each time somebody looks.
TRACED = "logistics"
_REFUND_COLOURS = {
    "requested": "warning",
    "returning": "warning",
    "failed": "danger",
    "succeeded": "success",
}


def order_page(
    request: HttpRequest, order: Order, actions: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the context of an order that comes with its lines and parcels.

    `actions` are those that its state allows its reader.
    """
    prefetch_related_objects([order], *_related(request))
    main = _to_do(request, order)
    if main is None and actions and actions[0]["path"].endswith("/ship/"):
        main, *actions = actions
    return {
        "stage": STAGES[stage_of(order)],
        "main_action": main,
        "other_actions": actions,
        "facts": list(_facts(request, order)),
        "receiver": _receiver(request, order),
        "may_note": request.user.has_perm("orders.note_order"),
        "lines": list(_lines(order)),
        "amounts": list(_amounts(order)),
        "sections": [section for section in _sections(request, order) if section[1]],
        "traces": parcels_traced(order) if TRACED in request.GET else [],
        "traces_url": _traces_url(request, order),
        "steps": timeline(request, order),
        "slip_url": packing_url(order),
        "has_next": order.paid_at is not None
        and request.user.has_perm("orders.ship_order"),
    }


def _traces_url(request: HttpRequest, order: Order) -> str:
    """Return where the traces are asked for; empty when there is none to ask for."""
    has_parcels = order.shipments.all() or any(
        refund.returned_at for refund in order.refunds.all()
    )
    is_asked = not settings.LOGISTICS_SERVICE or TRACED in request.GET
    return f"?{TRACED}=1#traces" if has_parcels and not is_asked else ""


def _related(request: HttpRequest) -> Iterator[str]:
    yield "shipments__items"
    if request.user.has_perm("orders.view_payment"):
        yield "payments"
    yield "refunds"


def _to_do(request: HttpRequest, order: Order) -> dict[str, str] | None:
    """Name what comes before all else: an answer to give, money that is stuck."""
    if request.user.has_perm("orders.view_refund"):
        for refund in order.refunds.all():
            if refund.state in WAITING:
                path = reverse("admin:orders_refund_change", args=[refund.pk])
                return {"title": "处理退款", "icon": "currency_exchange", "path": path}
    upload = getattr(order, "shipping_upload", None)
    if upload is None or upload.state != UploadState.FAILED:
        return None
    if request.user.has_perm("orders.view_shippingupload"):
        path = reverse("admin:orders_shippingupload_change", args=[upload.pk])
        return {"title": "处理发货上报", "icon": "outbox", "path": path}
    return None


def _facts(request: HttpRequest, order: Order) -> Iterator[tuple[str, str, str]]:
    """Yield what stands below the number: name, text, address of a page."""
    yield "买家", str(order.user), ""
    yield "下单", moment(order.created_at), ""
    if order.paid_at:
        yield "付款", moment(order.paid_at), ""
    elif order.status == OrderStatus.PENDING:
        yield "付款截止", moment(order.expires_at), ""
    if order.reminded_at:
        yield "催发货", moment(order.reminded_at), ""
    if order.replaced_by:
        path = reverse("admin:orders_order_change", args=[order.replaced_by.pk])
        yield "已由订单替代", order.replaced_by.order_no, path
    if order.coupon_claim:
        coupon = order.coupon_claim.coupon
        may_see = request.user.has_perm("orders.view_coupon")
        path = reverse("admin:orders_coupon_change", args=[coupon.pk])
        yield "优惠券", str(coupon), path if may_see else ""


def _receiver(request: HttpRequest, order: Order) -> dict[str, str]:
    """Return who gets it; `copied` is as the pages of couriers read it."""
    name, phone = name_shown(request, order.name), phone_shown(request, order.phone)
    address = address_shown(request, order)
    return {
        "name": name,
        "phone": phone,
        "address": address,
        "copied": f"{name} {phone} {address}" if shows_people(request) else "",
        "remark": order.remark,
    }


def _lines(order: Order) -> Iterator[dict[str, Any]]:
    shipped: Counter[int] = Counter()
    for parcel in order.shipments.all():
        for part in parcel.items.all():
            shipped[part.order_item_id] += part.quantity
    for item in order.items.all():
        yield {
            "name": item.name,
            "specs": " ".join(item.specs.values()),
            "image": image_url(item.image),
            "price": money(item.price),
            "quantity": item.quantity,
            "sum": money(item.price * item.quantity),
            "marks": list(_marks(item, shipped[item.pk])),
        }


def _marks(item: OrderItem, shipped: int) -> Iterator[str]:
    if shipped:
        yield f"已发{shipped}"
    if item.refund_quantity:
        yield f"退款{item.refund_quantity}"
    if item.is_reviewed:
        yield "已评价"


def _amounts(order: Order) -> Iterator[tuple[str, str]]:
    yield "商品", money(order.goods_amount)
    yield "运费", money(order.freight_amount)
    if order.discount_amount:
        yield "优惠", f"-{money(order.discount_amount)}"
    yield ("实付" if order.paid_at else "应付"), money(order.total_amount)
    if order.refunded_amount:
        yield "已退", f"-{money(order.refunded_amount)}"


def _sections(
    request: HttpRequest, order: Order
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield titled lists: parcels, refunds, payments, the upload to WeChat."""
    yield "包裹", [_parcel(parcel, order) for parcel in order.shipments.all()]
    if request.user.has_perm("orders.view_refund"):
        yield "退款", [_refund(refund) for refund in order.refunds.all()]
    if request.user.has_perm("orders.view_payment"):
        yield "支付", [_payment(payment) for payment in order.payments.all()]
    is_reviewed = any(item.is_reviewed for item in order.items.all())
    if is_reviewed and request.user.has_perm("orders.view_review"):
        reviews = Review.objects.filter(order_item__order=order).order_by("pk")
        yield "评价", [_review(one) for one in reviews.select_related("order_item")]
    upload = getattr(order, "shipping_upload", None)
    if upload and request.user.has_perm("orders.view_shippingupload"):
        yield "发货上报", [_upload(upload)]


def _parcel(parcel: Shipment, order: Order) -> dict[str, Any]:
    return {
        "title": parcel.carrier_name,
        "number": parcel.tracking_no,
        "is_copied": True,
        "text": parcel_content(parcel, order),
        "at": moment(parcel.shipped_at),
    }


def _refund(refund: Any) -> dict[str, Any]:
    return {
        "title": money(refund.amount),
        "label": refund.get_state_display(),
        "colour": _REFUND_COLOURS.get(refund.state, "default"),
        "number": refund.refund_no,
        "path": reverse("admin:orders_refund_change", args=[refund.pk]),
        "text": f"{refund.get_kind_display()} {refund.reason}",
        "at": moment(refund.created_at),
    }


def _payment(payment: Any) -> dict[str, Any]:
    return {
        "title": money(payment.amount),
        "label": payment.get_state_display(),
        "colour": "success" if payment.paid_at else "default",
        "number": payment.out_trade_no,
        "path": reverse("admin:orders_payment_change", args=[payment.pk]),
        "text": f"微信单号 {payment.transaction_id}" if payment.transaction_id else "",
        "at": moment(payment.paid_at or payment.created_at),
    }


def _review(review: Review) -> dict[str, Any]:
    return {
        "title": f"{review.rating}星",
        "label": review.get_state_display(),
        "colour": "warning" if review.state == ReviewState.WAITING else "default",
        "number": review.order_item.name,
        "path": reverse("admin:orders_review_change", args=[review.pk]),
        "text": review.content,
        "at": moment(review.created_at),
    }


def _upload(upload: Any) -> dict[str, Any]:
    return {
        "title": upload.get_state_display(),
        "path": reverse("admin:orders_shippingupload_change", args=[upload.pk]),
        "number": f"第{upload.tries}次",
        "text": upload.error,
        "at": moment(upload.updated_at),
    }
