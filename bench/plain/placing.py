"""Placing an order: lock, check and take each line in turn."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.models import User
from catalog.models import Sku, StockMovement
from orders.models import Order, OrderEvent, OrderItem


@transaction.atomic
def order_place(user: User, request: Mapping[str, Any]) -> Order:
    """Place an order of different SKUs; they are locked in the order of their ids.

    Raises: ValidationError, when a line can't be bought.
    """
    lines = sorted(request["items"], key=lambda line: line["skuId"])
    skus = [_sku_take(line) for line in lines]
    amount = sum(
        (sku.price * line["quantity"] for sku, line in zip(skus, lines, strict=True)),
        Decimal(0),
    )
    order = _order_create(user, request, amount)
    for sku, line in zip(skus, lines, strict=True):
        _line_create(order, sku, line["quantity"])
    OrderEvent.objects.create(order=order, to_status=order.status, operator=user)
    return order


def _sku_take(line: Mapping[str, Any]) -> Sku:
    """Lock a SKU and take the pieces of a line."""
    sku = Sku.objects.select_for_update().filter(pk=line["skuId"]).first()
    if sku is None or not sku.is_active or sku.product_id != line["productId"]:
        raise ValidationError("商品已下架")
    if sku.product.status != "on_sale":
        raise ValidationError("商品已下架")
    if sku.stock < line["quantity"]:
        raise ValidationError(f"商品{sku.product.name}库存不足")
    sku.stock -= line["quantity"]
    sku.save()
    return sku


def _order_create(user: User, request: Mapping[str, Any], amount: Decimal) -> Order:
    now = timezone.now()
    due = now + timedelta(minutes=30)
    return Order.objects.create(
        order_no=f"{now:%Y%m%d%H%M%S%f}{secrets.token_hex(2)}",
        user=user,
        goods_amount=amount,
        total_amount=amount,
        remark=request["remark"],
        created_at=now,
        expires_at=due,
        due_at=due,
        **request["address"],
    )


def _line_create(order: Order, sku: Sku, quantity: int) -> None:
    first = sku.product.images.first()
    OrderItem.objects.create(
        order=order,
        sku=sku,
        product=sku.product,
        name=sku.product.name,
        specs=sku.specs,
        price=sku.price,
        quantity=quantity,
        image=sku.image or (first.file if first else ""),
    )
    StockMovement.objects.create(
        sku=sku,
        delta=-quantity,
        balance=sku.stock,
        reason="order",
        reference=order.order_no,
    )
