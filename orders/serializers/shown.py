"""An order as its owner sees it, written out: what OrderSerializer says, at a tenth.

The serializer stays what the schema is made from; a test holds both together.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from orders.models import Order, OrderItem, Shipment
from shop.api.images import image_url


def order_shown(order: Order) -> dict[str, Any]:
    """Return the body of an order that was read by `for_display()` or OwnOrders."""
    earlier = order.replaced_by
    return {
        "orderNo": order.order_no,
        "userId": order.user_id,
        "items": [_item(item) for item in order.items.all()],
        "goodsAmount": _money(order.goods_amount),
        "freightAmount": _money(order.freight_amount),
        "discountAmount": _money(order.discount_amount),
        "totalAmount": _money(order.total_amount),
        "refundedAmount": _money(order.refunded_amount),
        "status": str(order.status),
        "closing": order.is_closing,
        "address": {
            "name": order.name,
            "phone": order.phone,
            "province": order.province,
            "city": order.city,
            "district": order.district,
            "detail": order.detail,
        },
        "remark": order.remark,
        "actions": order.actions,
        "expiresAt": _time(order.expires_at),
        "paidAt": _time(order.paid_at),
        "shippedAt": _time(order.shipped_at),
        "completedAt": _time(order.completed_at),
        "cancelledAt": _time(order.cancelled_at),
        "remindedAt": _time(order.reminded_at),
        "shipments": [_parcel(parcel) for parcel in order.shipments.all()],
        "replacedBy": earlier.order_no if earlier else None,
        "createdAt": _time(order.created_at),
        "updatedAt": _time(order.updated_at),
    }


def _item(item: OrderItem) -> dict[str, Any]:
    return {
        "id": item.pk,
        "productId": item.product_id,
        "skuId": item.sku_id,
        "name": item.name,
        "specs": item.specs,
        "price": _money(item.price),
        "quantity": item.quantity,
        "refundQuantity": item.refund_quantity,
        "reviewed": item.is_reviewed,
        "image": image_url(item.image),
    }


def _parcel(parcel: Shipment) -> dict[str, Any]:
    return {
        "carrier": parcel.carrier,
        "trackingNo": parcel.tracking_no,
        "shippedAt": _time(parcel.shipped_at),
        "items": [
            {"itemId": part.order_item_id, "quantity": part.quantity}
            for part in parcel.items.all()
        ],
    }


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return timezone.localtime(moment).isoformat(timespec="seconds")
