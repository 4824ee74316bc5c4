"""The admin's first page, and finished days for it."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import DailyFigures

HOME = "/admin/"


def cells(client: Client, number: int) -> dict[str, tuple[str, str, str]]:
    period = client.get(HOME).context["periods"][number]
    return {
        one.word: (one.value, f"{one.arrow}{one.change}", one.note)
        for one in period.cells
    }


def day_made(ago: int, **figures: Any) -> DailyFigures:
    counts = dict.fromkeys(("orders", "paid_orders", "refunds", "new_shoppers"), 0)
    return DailyFigures.objects.create(
        day=timezone.localdate() - timedelta(days=ago),
        counted_at=timezone.now(),
        **{**counts, "paid_amount": 0, "refund_amount": 0, **figures},
    )


def statements(client: Client) -> int:
    client.get(HOME)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(HOME).status_code == 200
    return len(captured)
