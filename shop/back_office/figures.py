"""How desks write amounts and moments."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone


def money(amount: Decimal | None) -> str:
    return "-" if amount is None else f"¥{amount}"


def moment(value: datetime | None) -> str:
    """Write a moment in the shop's own time."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}" if value else "-"
