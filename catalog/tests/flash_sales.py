"""A flash sale as the tests write it: around a noon at which they stop the clock."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from catalog.models import FlashSaleKind, Sku
from catalog.services.flash_sales import SaleLine

NOON = datetime.fromisoformat("2026-12-01T12:00:00+08:00")
HOUR = timedelta(hours=1)


def line(sku: Sku, **changes: Any) -> SaleLine:
    terms: dict[str, Any] = {"price": Decimal("59.00"), "stock": 5, "user_limit": 2}
    return SaleLine(sku_id=sku.pk, **(terms | changes))


def terms(*lines: SaleLine, **changes: Any) -> dict[str, Any]:
    return {
        "name": "午间秒杀",
        "kind": FlashSaleKind.FLASH,
        "starts_at": NOON + HOUR,
        "ends_at": NOON + 2 * HOUR,
        "lines": lines,
    } | changes
