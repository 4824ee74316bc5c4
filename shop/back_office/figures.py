"""How desks write amounts, moments and what WeChat said."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.html import format_html


def money(amount: Decimal | None) -> str:
    return "-" if amount is None else f"¥{amount}"


def moment(value: datetime | None) -> str:
    """Write a moment in the shop's own time."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}" if value else "-"


def short_moment(value: datetime | None) -> str:
    """Write a moment without its seconds, and of this year without the year."""
    if value is None:
        return "-"
    local = timezone.localtime(value)
    is_recent = local.year == timezone.localtime().year
    return f"{local:%m-%d %H:%M}" if is_recent else f"{local:%Y-%m-%d %H:%M}"


def json_shown(value: Any) -> str:
    """Write JSON as a block, long words broken."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return format_html(
        '<pre style="white-space: pre-wrap; word-break: break-all">{}</pre>', text
    )
