"""Placing an order as plainly as the ORM allows: what orders/sql has to equal."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.errors import UserNotFound
from accounts.models import User
from catalog.locks import offers_lock
from catalog.services.stock import stock_take
from orders.errors import IdempotencyConflict, RequestInProgress
from orders.models import CartItem, Order, OrderEvent, OrderItem
from orders.numbers import order_no_make
from orders.services.placing import OrderRequest, destination_of
from orders.services.quoting import Quote, lines_of, quote_of, skus_named
from orders.tests.coupons.plainly import coupon_plainly
from orders.tests.flash_sales_plain import sales_plainly, sales_take_plainly
from orders.tests.freight_plain import freight_plainly
from shop.errors import Invalid


@transaction.atomic
def order_place_plainly(
    *, user_id: int, request: OrderRequest, idempotency_key: str | None = None
) -> tuple[Order, bool]:
    """Do what `order_place` does, one thing after the other."""
    earlier = _earlier(user_id, request, idempotency_key)
    if earlier:
        return earlier, False
    destination = destination_of(user_id=user_id, request=request)
    if destination is None:
        raise Invalid.field("address", "收货地址不能为空")
    skus = offers_lock(**skus_named(request.wishes))
    now = timezone.now()
    lines = lines_of(wishes=request.wishes, skus=skus)
    lines = sales_plainly(lines, user_id, now)
    freight = freight_plainly(lines, destination)
    claim, shares = coupon_plainly(user_id, request.coupon_id, lines, freight)
    discount = sum(shares.values(), Decimal("0.00"))
    quote = quote_of(Quote(lines, freight_amount=freight, discount_amount=discount))
    order = _order(user_id, request, quote, idempotency_key, now)
    for name, value in asdict(destination).items():
        setattr(order, name, value)
    _write(order, quote, shares)
    sales_take_plainly(lines, user_id)
    if claim:
        order.coupon_claim = claim
        order.save()
        claim.order = order
        claim.save()
    if request.from_cart:
        ordered = [line.sku for line in lines]
        CartItem.objects.filter(user_id=user_id, sku__in=ordered).delete()
    return order, True


def _earlier(user_id: int, request: OrderRequest, key: str | None) -> Order | None:
    """Return the order of the key, and keep twins out."""
    if key is None:
        return None
    with connection.cursor() as cursor:
        claim = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
        cursor.execute(claim, [f"{user_id}:{key}"])
        (is_ours,) = cursor.fetchone()
    orders = Order.objects.for_display()
    order = orders.filter(user_id=user_id, idempotency_key=key).first()
    if order is None and not is_ours:
        raise RequestInProgress
    if order and order.request_hash != request.digest():
        raise IdempotencyConflict
    return order


def _order(
    user_id: int,
    request: OrderRequest,
    quote: Quote,
    key: str | None,
    now: datetime,
) -> Order:
    expires_at = now + timedelta(minutes=settings.ORDER_PAY_MINUTES)
    return Order(
        order_no=order_no_make(user_id=user_id, now=now),
        user_id=user_id,
        goods_amount=quote.goods_amount,
        freight_amount=quote.freight_amount,
        discount_amount=quote.discount_amount,
        total_amount=quote.total_amount,
        remark=request.remark,
        idempotency_key=key,
        request_hash=request.digest() if key else "",
        created_at=now,
        expires_at=expires_at,
        due_at=expires_at,
    )


def _write(order: Order, quote: Quote, shares: Mapping[int, Decimal]) -> None:
    users = User.objects.select_for_update(of=("self",))
    if not users.filter(pk=order.user_id, is_active=True).exists():
        raise UserNotFound
    order.save()
    for line in quote.lines:
        OrderItem.objects.create(
            order=order,
            sku=line.sku,
            product=line.sku.product,
            name=line.sku.product.name,
            specs=line.sku.specs,
            price=line.price,
            flash_sale_sku_id=line.sale_id,
            quantity=line.quantity,
            image=line.image,
            discount_amount=shares.get(line.sku.pk, Decimal("0.00")),
        )
    OrderEvent.objects.create(
        order=order, to_status=order.status, operator_id=order.user_id
    )
    quantities = {line.sku.pk: line.quantity for line in quote.lines}
    stock_take(quantities=quantities, order_no=order.order_no)
