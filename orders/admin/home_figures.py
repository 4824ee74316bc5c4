"""Figures of the first page, in the words and shapes that its template draws."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from django.core.cache import cache
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from orders.models import DailyFigures, DailyProductSales
from orders.services.figures import (
    DAYS_SHOWN,
    Figures,
    figures_between,
    figures_of,
)
from shop.days import day_begin

_MONTH_DAYS = DAYS_SHOWN // 2
_TOP = 10
_TOP_KEPT_SECONDS = 3600
# Products' ids, their pieces and amounts.
_Top = list[tuple[int, int, Decimal]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure; how it has changed is told by an arrow and a word."""

    word: str
    value: str
    arrow: str
    change: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """The figures of some time, beside what they are compared with."""

    title: str
    compared: str
    cells: Sequence[Cell]


def figures_shown(*, has_links: bool) -> dict[str, Any]:
    """Return the context of who may see figures; products are links if so wished."""
    today = timezone.localdate()
    days = [today - timedelta(days=n) for n in range(DAYS_SHOWN, 0, -1)]
    rows = {row.day: row for row in DailyFigures.objects.filter(day__in=days)}
    month = days[_MONTH_DAYS:]
    shown = [(day, figures_of(rows[day]) if day in rows else None) for day in month]
    return {
        "periods": [_today(today), _month(days, rows)],
        "missing_days": sum(day not in rows for day in days),
        "chart": _chart(shown),
        "days": [_line(day, figures) for day, figures in reversed(shown)],
        "top_products": _top_products(month[0], rows.values(), has_links=has_links),
    }


def _today(today: date) -> Period:
    now = timezone.now()
    day = timedelta(days=1)
    until_now = figures_between(day_begin(today), now)
    yesterday = figures_between(day_begin(today - day), now - day)
    return Period("今天", "与昨天此时相比", _cells(until_now, yesterday))


def _month(days: Sequence[date], rows: dict[date, DailyFigures]) -> Period:
    before, month = (
        sum((figures_of(rows[day]) for day in part if day in rows), Figures())
        for part in (days[:_MONTH_DAYS], days[_MONTH_DAYS:])
    )
    return Period("近30天", "到昨天为止,与之前30天相比", _cells(month, before))


def _cells(now: Figures, before: Figures) -> list[Cell]:
    return [
        _cell("下单", now.orders, before.orders),
        _cell("付款订单", now.paid_orders, before.paid_orders),
        _cell("付款金额", now.paid_amount, before.paid_amount),
        _cell("平均每单", now.average_amount, before.average_amount),
        _cell("退款", now.refund_amount, before.refund_amount, f"{now.refunds}笔"),
        _cell("新用户", now.new_shoppers, before.new_shoppers),
    ]


def _cell(word: str, now: int | Decimal, before: int | Decimal, note: str = "") -> Cell:
    arrow, change = _change(now, before)
    return Cell(word, _written(now), arrow, change, note)


def _written(value: int | Decimal) -> str:
    return f"¥{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}"


def _change(now: int | Decimal, before: int | Decimal) -> tuple[str, str]:
    """Return an arrow and a word; of nothing there are no per cent."""
    if now == before:
        return "→", "持平"
    arrow, word = ("↑", "增") if now > before else ("↓", "减")
    if not before:
        return arrow, "此前为0"
    percent = round(abs(Decimal(now) / Decimal(before) - 1) * 100)
    return arrow, f"{word}{percent}%" if percent else f"{word}不到1%"


def _chart(days: Sequence[tuple[date, Figures | None]]) -> str:
    """Return the data of unfold's chart; a day that is not added up has no bar."""
    amounts = {
        "label": "付款金额(元)",
        "data": [figures and float(figures.paid_amount) for _, figures in days],
        "backgroundColor": "var(--color-primary-400)",
        "maxBarThickness": 14,
        "borderRadius": 3,
        "displayYAxis": True,
        "maxTicksXLimit": 10,
    }
    labels = [f"{day.month}/{day.day}" for day, _ in days]
    return json.dumps({"labels": labels, "datasets": [amounts]})


def _line(day: date, figures: Figures | None) -> tuple[date, list[str]]:
    """Return a day's row of the table; one that is not added up has no cells."""
    if figures is None:
        return day, []
    values = (
        figures.orders,
        figures.paid_orders,
        figures.paid_amount,
        figures.refund_amount,
        figures.new_shoppers,
    )
    return day, [_written(value) for value in values]


def _top_products(
    since: date, rows: Iterable[DailyFigures], *, has_links: bool
) -> list[dict[str, Any]]:
    """Return the best since a day; their names are those of now."""
    counted_at = max((row.counted_at for row in rows), default=None)
    # A hundred thousand rows are added up in a tenth of a second; they stay the same
    # until some day is counted again.
    key = f"orders.top_products:{since}:{counted_at and counted_at.timestamp()}"
    top = cast("_Top", cache.get_or_set(key, lambda: _best(since), _TOP_KEPT_SECONDS))
    products = Product.objects.only("name").in_bulk([pk for pk, _, _ in top])
    return [
        {
            "name": products[pk].name,
            "url": has_links and _product_url(pk),
            "pieces": pieces,
            "amount": _written(amount),
        }
        for pk, pieces, amount in top
    ]


def _best(since: date) -> _Top:
    sold = DailyProductSales.objects.filter(day__gte=since).values("product")
    sums = sold.annotate(pieces_sold=Sum("pieces"), amount_sold=Sum("amount"))
    best = sums.order_by("-amount_sold", "product")
    return list(best.values_list("product", "pieces_sold", "amount_sold")[:_TOP])


def _product_url(product_id: int) -> str:
    return reverse("admin:catalog_product_change", args=[product_id])
