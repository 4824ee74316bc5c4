"""Whether the database says what the model does, and every invariant holds."""

from collections import Counter
from typing import Any

from catalog.models import Product
from orders.models import CouponClaim, Order, Payment, PaymentAnomaly, Refund
from orders.services.audit import orders_audit
from orders.tests.conftest import stock_of
from orders.tests.money.model import Shop
from orders.tests.money.things import Attempt


def require_all_same(shop: Shop) -> None:
    require_same("findings", [], orders_audit())
    require_same("orders", _orders_of(shop), _orders_there())
    require_same("attempts", _attempts_of(shop), _attempts_there())
    require_same("refunds", _refunds_of(shop), _refunds_there())
    require_same("goods", _goods_of(shop), _goods_there())
    require_same("coupons", _coupons_of(shop), _coupons_there())
    require_same("anomalies", _anomalies_of(shop), _anomalies_there())


def require_same(name: str, wanted: Any, found: Any) -> None:
    if wanted == found:
        return
    if isinstance(wanted, dict):
        numbers = [pk for pk in {**wanted, **found} if wanted.get(pk) != found.get(pk)]
        wanted = {pk: wanted.get(pk) for pk in numbers}
        found = {pk: found.get(pk) for pk in numbers}
    raise AssertionError(f"{name}\nwanted {wanted}\nfound  {found}")


def _orders_of(shop: Shop) -> dict[str, Any]:
    return {
        one.number: (
            one.status,
            one.is_closing,
            one.total,
            one.replaced_by.number if one.replaced_by else None,
            {line.pk: (line.quantity - one.free(line), line.off) for line in one.lines},
        )
        for one in shop.orders
    }


def _orders_there() -> dict[str, Any]:
    orders = Order.objects.select_related("replaced_by").prefetch_related("items")
    return {
        one.order_no: (
            one.status,
            one.is_closing,
            int(one.total_amount * 100),
            one.replaced_by.order_no if one.replaced_by else None,
            {
                item.pk: (item.refund_quantity, int(item.discount_amount * 100))
                for item in one.items.all()
            },
        )
        for one in orders
    }


def _attempts_of(shop: Shop) -> dict[str, Any]:
    back: Counter[Attempt] = Counter()
    for refund in shop.refunds:
        if refund.is_live:
            back[refund.attempt] += refund.amount
    return {
        one.number: (one.order.number, one.state, one.amount, back[one])
        for one in shop.attempts
    }


def _attempts_there() -> dict[str, Any]:
    return {
        one.out_trade_no: (
            one.order.order_no,
            one.state,
            int(one.amount * 100),
            int(one.refund_amount * 100),
        )
        for one in Payment.objects.select_related("order")
    }


def _refunds_of(shop: Shop) -> dict[str, Any]:
    return {
        one.number: (
            one.order.number,
            one.kind,
            one.state,
            (one.amount, one.kept),
            (one.agreed_by, one.granted_at is not None),
            one.is_restocked,
            one.error,
            one.is_accepted,
            one.out_number,
            {line.pk: part for line, part in one.parts.items()},
        )
        for one in shop.refunds
    }


def _refunds_there() -> dict[str, Any]:
    refunds = Refund.objects.select_related("order").prefetch_related("items")
    return {
        one.refund_no: (
            one.order.order_no,
            one.kind,
            one.state,
            (int(one.amount * 100), int(one.kept_amount * 100)),
            (one.agreed_by_id, one.granted_at is not None),
            one.is_restocked,
            one.wechat_error,
            one.is_accepted,
            one.out_refund_no,
            {
                part.order_item_id: (part.quantity, part.unshipped_quantity)
                for part in one.items.all()
            },
        )
        for one in refunds
    }


def _goods_of(shop: Shop) -> dict[int, Any]:
    return {one.pk: (one.stock, one.sales) for one in shop.goods}


def _goods_there() -> dict[int, Any]:
    return {
        product.pk: (stock_of(product), product.sales)
        for product in Product.objects.all()
    }


def _coupons_of(shop: Shop) -> dict[int, Any]:
    return {
        one.pk: one.coupon_user.number if one.coupon_user else None
        for one in shop.shoppers
    }


def _coupons_there() -> dict[int, Any]:
    claims = CouponClaim.objects.select_related("order")
    return {one.user_id: one.order.order_no if one.order else None for one in claims}


def _anomalies_of(shop: Shop) -> dict[str, int]:
    return dict(Counter(kind for kind, _ in shop.anomalies))


def _anomalies_there() -> dict[str, int]:
    # One of no payment is of an earlier example, told again too late.
    known = PaymentAnomaly.objects.exclude(payment=None)
    return dict(Counter(known.values_list("kind", flat=True)))
