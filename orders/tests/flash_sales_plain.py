"""Flash sales as plainly as Python allows: what orders/sql has to equal."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from catalog.models import FlashSale, FlashSaleKind, FlashSaleSku, Product, Sku
from catalog.services.flash_sales import SaleLine, flash_sale_create
from catalog.tests.flash_sales import HOUR, terms
from catalog.tests.flash_sales import line as sale_line
from orders.errors import SaleLimitExceeded, SaleSoldOut
from orders.models import FlashSaleTaking
from orders.services.quoting import Line

DAY = timedelta(days=1)


def running(product: Product, **changes: Any) -> FlashSale:
    """Make a sale of a product for an hour to come; a group price by its pieces."""
    now = timezone.now()
    of_sale = {"starts_at": now - HOUR, "ends_at": now + HOUR}
    kind = {"kind": "group"} if "min_quantity" in changes else {}
    sku = product.skus.get()
    return flash_sale_create(**terms(sale_line(sku, **changes), **of_sale, **kind))


def sales_make(*, limited: Sku, paired: Sku) -> None:
    """Add a flash sale that soon has no pieces left, and a group price."""
    now = timezone.now()
    flash = SaleLine(sku_id=limited.pk, price=Decimal(5), stock=3, user_limit=2)
    group = SaleLine(sku_id=paired.pk, price=Decimal(9), stock=2, min_quantity=2)
    for kind, line in (("flash", flash), ("group", group)):
        flash_sale_create(
            name=kind,
            kind=FlashSaleKind(kind),
            starts_at=now - DAY,
            ends_at=now + DAY,
            lines=[line],
        )


def sales_plainly(lines: Sequence[Line], user_id: int, now: datetime) -> list[Line]:
    """Do what `flash_sale_prices` does, and refuse what `orders_place` refuses."""
    found = {line: sale for line in lines if (sale := _sale(line, now))}
    short = [_told(line, sale.left) for line, sale in found.items()]
    if short := [one for one in short if one["requested"] > one["available"]]:
        raise SaleSoldOut(short)
    limited = {line: sale for line, sale in found.items() if sale.user_limit}
    over = [_told(line, _user_left(sale, user_id)) for line, sale in limited.items()]
    if over := [one for one in over if one["requested"] > one["available"]]:
        raise SaleLimitExceeded(over)
    return [
        replace(line, price=found[line].price, sale_id=found[line].pk)
        if line in found
        else line
        for line in lines
    ]


def sales_take_plainly(lines: Sequence[Line], user_id: int) -> None:
    """Count what an order takes of sales."""
    for line in lines:
        if line.sale_id:
            sale = FlashSaleSku.objects.get(pk=line.sale_id)
            sale.sold += line.quantity
            sale.save()
            own, _ = FlashSaleTaking.objects.get_or_create(
                flash_sale_sku=sale, user_id=user_id, defaults={"quantity": 0}
            )
            own.quantity += line.quantity
            own.save()


def _sale(line: Line, now: datetime) -> FlashSaleSku | None:
    rows = FlashSaleSku.objects.filter(sku=line.sku, starts_at__lte=now)
    sale = rows.filter(ends_at__gt=now).first()
    is_cheaper = sale and sale.price < line.sku.price
    return sale if is_cheaper and sale.min_quantity <= line.quantity else None


def _user_left(sale: FlashSaleSku, user_id: int) -> int:
    rows = FlashSaleTaking.objects.filter(flash_sale_sku=sale, user_id=user_id)
    return sale.user_limit - sum(row.quantity for row in rows)


def _told(line: Line, available: int) -> dict[str, Any]:
    return {
        "skuId": line.sku.pk,
        "name": line.sku.product.name,
        "requested": line.quantity,
        "available": available,
    }
