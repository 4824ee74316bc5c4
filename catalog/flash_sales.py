"""Flash sales as the public sees them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from catalog.models import FlashSale, FlashSaleSku, ProductStatus
from catalog.offers import skus_offered


class ShownFlashSale(NamedTuple):
    """A sale that runs or comes; each line carries its SKU as `catalog.offers` does."""

    sale: FlashSale
    is_running: bool
    lines: Sequence[FlashSaleSku]


def flash_sales_shown(
    sales: Sequence[FlashSale], *, now: datetime
) -> list[ShownFlashSale]:
    """Add what is sold in sales, in two statements; without what can't be bought."""
    lines = list(FlashSaleSku.objects.filter(sale__in=sales).order_by("pk"))
    skus = skus_offered(sku_ids=[line.sku_id for line in lines])
    shown: dict[int, list[FlashSaleSku]] = {sale.pk: [] for sale in sales}
    for line in lines:
        line.sku = skus[line.sku_id]
        if _is_offered(line):
            shown[line.sale_id].append(line)
    return [
        ShownFlashSale(sale, sale.is_running(now), shown[sale.pk]) for sale in sales
    ]


def _is_offered(line: FlashSaleSku) -> bool:
    sku = line.sku
    is_on_sale = sku.is_active and sku.product.status == ProductStatus.ON_SALE
    # Staff may have made the SKU cheaper since: then it costs that.
    return is_on_sale and line.price < sku.price


def seconds_to_change(sales: Iterable[FlashSale], *, now: datetime) -> float | None:
    """Return when the next of sales begins or ends; None when there is none."""
    moments = [
        moment
        for sale in sales
        for moment in (sale.starts_at, sale.ends_at)
        if moment > now
    ]
    return (min(moments) - now).total_seconds() if moments else None
