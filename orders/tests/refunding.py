"""What the tests of refunds share: asking, and what WeChat would say."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from rest_framework.test import APIClient

from orders.models import Order, OrderPriceChange, Refund
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_approve, refund_settle
from orders.tests.conftest import paid, paid_order, placed


def ask(api: APIClient, order: Order, **fields: Any) -> Any:
    """Send a request for a refund."""
    url = f"/api/orders/{order.order_no}/refunds"
    return api.post(url, {"reason": "不想要了", **fields}, format="json")


def asked(api: APIClient, order: Order, **fields: Any) -> Refund:
    """Ask for a refund that must be taken."""
    response = ask(api, order, **fields)
    assert response.status_code == 201, response.content
    return Refund.objects.get(refund_no=response.json()["data"]["refundNo"])


def pieces(order: Order, *quantities: int) -> list[dict[str, int]]:
    """Return what to send for so many pieces of each line; 0 leaves a line out."""
    lines = zip(order.items.order_by("pk"), quantities, strict=True)
    return [{"itemId": item.pk, "quantity": count} for item, count in lines if count]


def ship(order: Order, quantities: dict[int, int] | None = None) -> None:
    order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no=f"SF{order.shipments.count()}",
        operator_id=None,
        quantities=quantities,
    )


def completed_order(api: APIClient, *lines: dict[str, Any]) -> Order:
    """Return an order that was paid, shipped and confirmed."""
    order = paid_order(api, *lines)
    ship(order)
    assert api.post(f"/api/orders/{order.order_no}/confirm").status_code == 200
    order.refresh_from_db()
    return order


def refund_facts(refund: Refund, status: str = "SUCCESS") -> dict[str, Any]:
    """Return what a notification of WeChat says of a refund."""
    payment = refund.payment
    facts = {
        "mchid": settings.WECHAT_MCHID,
        "out_trade_no": payment.out_trade_no,
        "transaction_id": payment.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": f"50{refund.pk:08d}",
        "refund_status": status,
        "user_received_account": "招商银行信用卡0403",
        "amount": {
            "total": int(payment.amount * 100),
            "refund": int(refund.amount * 100),
            "payer_total": int(payment.amount * 100),
            "payer_refund": int(refund.amount * 100),
        },
    }
    if status == "SUCCESS":
        facts["success_time"] = "2026-11-25T12:00:00+08:00"
    return facts


def settled(refund: Refund, status: str = "SUCCESS") -> Refund:
    """Book what WeChat says of a refund; return it as it is then."""
    return refund_settle(facts=refund_facts(refund, status))


def approved(refund: Refund, operator_id: int, *, is_restocked: bool = False) -> Refund:
    """Agree to a refund, and let WeChat pay it."""
    refund_approve(
        refund_id=refund.pk,
        operator_id=operator_id,
        is_restocked=is_restocked,
        answer="同意",
    )
    return settled(refund)


def priced_order(
    api: APIClient, *lines: dict[str, Any], freight: str, discount: str
) -> Order:
    """Return a paid order that cost freight and had a discount."""
    order = Order.objects.get(order_no=placed(api, *lines)["orderNo"])
    amounts = {
        "freight_amount": Decimal(freight),
        "discount_amount": Decimal(discount),
        "total_amount": order.goods_amount + Decimal(freight) - Decimal(discount),
    }
    OrderPriceChange.objects.create(
        order=order,
        operator_id=order.user_id,
        reason="改价",
        **{f"old_{name}": getattr(order, name) for name in amounts},
        **{f"new_{name}": amount for name, amount in amounts.items()},
    )
    Order.objects.filter(pk=order.pk).update(**amounts)
    return paid(Order.objects.get(pk=order.pk))
