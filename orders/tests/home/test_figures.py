"""The figures of the first page: for whom, beside what, and what they cost."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.admin.home_figures import _change
from orders.models import DailyFigures, DailyProductSales, Order, Payment
from orders.numbers import order_no_make
from orders.services.figures import DAYS_SHOWN, figures_due, figures_refresh
from orders.tests.conftest import clerk, line, page, paid_order
from orders.tests.figures.days import refund_at
from orders.tests.home.pages import HOME, cells, day_made, statements


@pytest.mark.usefixtures("noon")
def test_figures_are_for_those_who_may_see_them(
    client: Client, shopper_api: APIClient, tea: Product
) -> None:
    paid_order(shopper_api, line(tea))
    figures_refresh(days=figures_due())
    assert "¥99.00" not in page(clerk(client, "view_order"), HOME)
    User.objects.filter(is_staff=True).delete()
    seer = clerk(client, "view_dailyfigures")
    text = page(seer, HOME)
    assert "付款金额" in text
    assert "打开" not in text
    assert seer.get(HOME).context["missing_days"] == 0


@pytest.mark.usefixtures("noon")
def test_today_is_compared_with_yesterday_at_this_time(
    desk: Client, shopper_api: APIClient, tea: Product, shopper: User
) -> None:
    for ago in (
        timedelta(hours=1),
        timedelta(hours=2),
        timedelta(days=1, hours=1),
        # Later than now, yesterday; and the day before.
        timedelta(hours=23),
        timedelta(days=1, hours=13),
    ):
        order = paid_order(shopper_api, line(tea))
        at = timezone.now() - ago
        number = order_no_make(user_id=shopper.pk, now=at)
        Order.objects.filter(pk=order.pk).update(order_no=number, created_at=at)
        Payment.objects.filter(order=order).update(paid_at=at)
    User.objects.filter(pk=shopper.pk).update(
        created_at=timezone.now() - timedelta(days=1, hours=2)
    )
    refund_at(order, (timezone.now() - timedelta(minutes=1)).isoformat(), "5.00")
    assert cells(desk, 0) == {
        "下单": ("2", "↑增100%", ""),
        "付款订单": ("2", "↑增100%", ""),
        "付款金额": ("¥198.00", "↑增100%", ""),
        "平均每单": ("¥99.00", "→持平", ""),
        "退款": ("¥5.00", "↑此前为0", "1笔"),
        "新用户": ("0", "↓减100%", ""),
    }


@pytest.mark.usefixtures("noon")
def test_thirty_finished_days_are_compared_with_those_before(desk: Client) -> None:
    for ago, amount in ((1, 1000), (30, 500), (31, 900), (60, 300), (61, 7777)):
        day_made(ago, orders=2, paid_orders=1, paid_amount=amount, new_shoppers=ago)
    day_made(0, orders=99)
    assert cells(desk, 1) == {
        "下单": ("4", "→持平", ""),
        "付款订单": ("2", "→持平", ""),
        "付款金额": ("¥1,500.00", "↑增25%", ""),
        "平均每单": ("¥750.00", "↑增25%", ""),
        "退款": ("¥0.00", "→持平", "0笔"),
        "新用户": ("31", "↓减66%", ""),
    }
    context = desk.get(HOME).context
    assert context["missing_days"] == DAYS_SHOWN - 4
    newest, *_, oldest = context["days"]
    assert newest[1] == ["2", "1", "¥1,000.00", "¥0.00", "1"]
    assert oldest[1] == ["2", "1", "¥500.00", "¥0.00", "30"]
    text = page(desk, HOME)
    assert "还有 56 天的数据没有统计完" in text
    assert "还没有统计" in text


@pytest.mark.usefixtures("noon")
def test_ten_products_of_thirty_days_by_amount(
    desk: Client, client: Client, product_make: Callable[..., Product]
) -> None:
    today = timezone.localdate()
    for number in range(12):
        product = product_make(f"茶{number}")
        for ago in (1, 30, 31):
            DailyProductSales.objects.create(
                day=today - timedelta(days=ago),
                product=product,
                pieces=number,
                amount=Decimal(1000 * number),
            )
    top = desk.get(HOME).context["top_products"]
    assert [one["name"] for one in top] == [f"茶{n}" for n in range(11, 1, -1)]
    assert (top[0]["pieces"], top[0]["amount"]) == (22, "¥22,000.00")
    assert top[0]["url"] == f"/admin/catalog/product/{product.pk}/change/"
    User.objects.all().delete()
    reader = clerk(client, "view_dailyfigures")
    assert "/admin/catalog/product/" not in page(reader, HOME)


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (0, 0, ("→", "持平")),
        (3, 0, ("↑", "此前为0")),
        (3, 2, ("↑", "增50%")),
        (0, 2, ("↓", "减100%")),
        (1001, 1000, ("↑", "增不到1%")),
        (Decimal("0.50"), Decimal("2.00"), ("↓", "减75%")),
    ],
)
def test_changes_are_told_in_words(
    now: Any, before: Any, change: tuple[str, str]
) -> None:
    assert _change(now, before) == change


@pytest.mark.usefixtures("noon")
def test_it_costs_the_same_whatever_there_is(
    desk: Client,
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    tea: Product,
) -> None:
    def more(count: int) -> None:
        for number in range(count):
            product = product_make(f"茶{number}", stock=100)
            paid_order(shopper_api, line(tea), line(product))
            refund_at(Order.objects.latest("pk"), None, "1.00", state="failed")
        Payment.objects.update(paid_at=timezone.now() - timedelta(days=2))
        DailyFigures.objects.all().delete()
        figures_refresh(days=figures_due())

    more(1)
    few = statements(desk)
    assert few <= 12
    more(4)
    assert statements(desk) == few
    # What finds no cache finds all by itself, and that is one statement more or two.
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        desk.get(HOME)
    assert few < len(captured) <= 14
