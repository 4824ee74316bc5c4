"""An order that was paid when it was over: placed again, as it was."""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.locks import shopper_hold
from catalog.locks import offers_lock, products_lock
from catalog.models import ProductStatus, Sku
from catalog.services.stock import stock_take
from orders.models import Order, OrderEvent, OrderItem, OrderStatus
from orders.numbers import order_no_make
from orders.services.coupons import coupon_hold, coupon_use_again
from orders.services.flash_sales import takings_repeat
from shop.metrics import ORDERS

_COPIED = (
    *("user_id", "goods_amount", "freight_amount", "discount_amount", "total_amount"),
    *("name", "phone", "province", "city", "district", "detail", "remark"),
    "coupon_claim_id",
)


def order_place_again(*, old: Order, amount: Decimal) -> Order | None:
    """Place a cancelled order again as it was then; None when that can't be.

    It can't be when its pieces are not all there and on sale, when the money is not
    what it cost, when its coupon is used up, when too few pieces are left of a flash
    sale or to the shopper in it, or when the shopper is gone. The prices are those that
    were paid.

    Locks: the caller holds the old order's lock; takes the products', the SKUs', then
        the coupon's.
    """
    if amount != old.total_amount or not shopper_hold(old.user_id):
        return None
    items = list(old.items.all())
    products_lock({item.product_id for item in items})
    skus = offers_lock(sku_ids=[item.sku_id for item in items])
    if not all(_is_there(item, skus.get(item.sku_id)) for item in items):
        return None
    if not coupon_hold(old):
        return None
    if not takings_repeat(user_id=old.user_id, items=items):
        return None
    order = _copy(old, items)
    quantities = {item.sku_id: item.quantity for item in items}
    stock_take(quantities=quantities, order_no=order.order_no)
    coupon_use_again(order)
    old.replaced_by = order
    old.save(update_fields=["replaced_by", "updated_at"])
    return order


def _is_there(item: OrderItem, sku: Sku | None) -> bool:
    return (
        sku is not None
        and sku.is_active
        and sku.product.status == ProductStatus.ON_SALE
        and sku.stock >= item.quantity
    )


def _copy(old: Order, items: list[OrderItem]) -> Order:
    """Write the order, its lines and its first event."""
    now = timezone.now()
    order = Order(
        order_no=order_no_make(user_id=old.user_id, now=now),
        created_at=now,
        expires_at=now,
        due_at=now,
        **{name: getattr(old, name) for name in _COPIED},
    )
    order.save(force_insert=True)
    for item in items:
        item.pk, item.order, item.refund_quantity = None, order, 0
    OrderItem.objects.bulk_create(items)
    OrderEvent.objects.create(
        order=order,
        to_status=OrderStatus.PENDING,
        reason=f"订单{old.order_no}取消后收到付款",
    )
    transaction.on_commit(ORDERS.labels(OrderStatus.PENDING.value).inc)
    return order
