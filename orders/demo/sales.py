"""A flash sale and a group price that run in the demo shop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from catalog.models import FlashSaleKind, FlashSaleSku, Sku
from catalog.services.flash_sales import SaleLine, flash_sale_create
from shop.errors import ShopError


@dataclass(frozen=True)
class DemoLine:
    """The last SKU of a product, as a sale has it."""

    product: str
    price: str
    stock: int
    user_limit: int | None = None
    min_quantity: int = 1


@dataclass(frozen=True)
class DemoSale:
    """A sale that begins when the demo is loaded, again when the last one is over."""

    name: str
    kind: FlashSaleKind
    lasts: timedelta
    lines: Iterable[DemoLine]


SALES = (
    DemoSale(
        "今日秒杀",
        FlashSaleKind.FLASH,
        timedelta(hours=24),
        (
            DemoLine("香薰蜡烛", "39.90", 20, user_limit=2),
            DemoLine("不锈钢保温杯 500ml", "49.00", 30, user_limit=1),
        ),
    ),
    DemoSale(
        "拖鞋三双起团购",
        FlashSaleKind.GROUP,
        timedelta(days=30),
        (DemoLine("记忆棉拖鞋", "25.00", 60, min_quantity=3),),
    ),
)


def demo_sales_load() -> int:
    """Begin each sale that does not run; return how many were begun.

    What staff have made of the goods may leave no room for one: then it does not run.
    """
    now = timezone.now().replace(microsecond=0)
    rows = Sku.objects.active().filter(
        product__name__in=[line.product for sale in SALES for line in sale.lines]
    )
    # The last of each product stays.
    ids = dict(rows.order_by("position").values_list("product__name", "pk"))
    return sum(_begin(sale, ids, now) for sale in SALES)


def _begin(sale: DemoSale, ids: Mapping[str, int], now: datetime) -> bool:
    lines = [
        _line(line, ids[line.product]) for line in sale.lines if line.product in ids
    ]
    skus = [line.sku_id for line in lines]
    if FlashSaleSku.objects.filter(sku__in=skus, ends_at__gt=now).exists():
        return False
    try:
        flash_sale_create(
            name=sale.name,
            kind=sale.kind,
            starts_at=now,
            ends_at=now + sale.lasts,
            lines=lines,
        )
    except ShopError:
        return False
    return True


def _line(line: DemoLine, sku_id: int) -> SaleLine:
    return SaleLine(
        sku_id=sku_id,
        price=Decimal(line.price),
        stock=line.stock,
        user_limit=line.user_limit,
        min_quantity=line.min_quantity,
    )
