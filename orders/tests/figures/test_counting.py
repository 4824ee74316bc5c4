"""What the shop took in: what counts, and on which day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import make_shopper
from orders.models import Refund, RefundKind
from orders.services.figures import Figures, figures_between
from orders.tests.conftest import line, placed
from orders.tests.figures.days import (
    BEFORE,
    DAY,
    LAST,
    MIDNIGHT,
    NEXT,
    counted,
    moment,
    order_at,
    pay_at,
    refund_at,
    sales,
)
from shop.days import day_begin, day_bounds

pytestmark = pytest.mark.usefixtures("db", "noon")


def test_a_day_without_anything_is_a_row_of_zeros() -> None:
    assert counted() == Figures()
    assert sales() == []


@pytest.mark.parametrize(
    ("at", "count"), [(BEFORE, 0), (MIDNIGHT, 1), (LAST, 1), (NEXT, 0)]
)
def test_each_counts_on_its_day_in_shanghai(
    shopper_api: APIClient, tea: Product, at: str, count: int
) -> None:
    order = order_at(shopper_api, at, line(tea, 2))
    pay_at(order, at)
    refund_at(order, at, "33.30")
    User.objects.filter(is_staff=False).update(created_at=moment(at))
    amount, back = Decimal("198.00") * count, Decimal("33.30") * count
    assert counted() == Figures(count, count, amount, count, back, count)
    assert sales() == [("龙井茶", 2, Decimal("198.00"))] * count


def test_orders_count_when_placed_and_money_when_paid(
    shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    paid_next_day = order_at(shopper_api, LAST, line(tea))
    pay_at(paid_next_day, NEXT)
    order_at(shopper_api, LAST, line(cup))
    cancelled = order_at(shopper_api, MIDNIGHT, line(tea))
    shopper_api.post(f"/api/orders/{cancelled.order_no}/cancel")
    assert counted() == Figures(orders=3)
    next_day = DAY + timedelta(days=1)
    assert counted(next_day) == Figures(paid_orders=1, paid_amount=Decimal("99.00"))
    assert sales(next_day) == [("龙井茶", 1, Decimal("99.00"))]


def test_undue_money_counts_neither_when_it_comes_nor_when_it_goes(
    shopper_api: APIClient, tea: Product
) -> None:
    order = order_at(shopper_api, MIDNIGHT, line(tea))
    pay_at(order, MIDNIGHT)
    second = pay_at(order, LAST)
    refund = Refund.objects.get(payment=second)
    assert (second.state, refund.kind) == ("undue", RefundKind.AUTOMATIC)
    Refund.objects.update(state="succeeded", accepted_at=moment(LAST))
    assert counted() == Figures(orders=1, paid_orders=1, paid_amount=Decimal("99.00"))
    assert sales() == [("龙井茶", 1, Decimal("99.00"))]


def test_refunds_count_from_when_wechat_took_them(
    shopper_api: APIClient, tea: Product, staff: User
) -> None:
    order = order_at(shopper_api, MIDNIGHT, line(tea, 9))
    pay_at(order, MIDNIGHT)
    refund_at(order, None, "1.00", state="requested")
    refund_at(order, None, "2.00", state="rejected")
    refund_at(order, NEXT, "4.00")
    refund_at(order, LAST, "8.00", state="processing")
    refund_at(order, LAST, "16.00", state="failed", wechat_error="ABNORMAL")
    refund_at(order, LAST, "32.00", kind="cancel", succeeded_at=moment(NEXT))
    refund_at(order, LAST, "64.00", kind="staff")
    found = counted()
    assert (found.refunds, found.refund_amount) == (4, Decimal("120.00"))


def test_shoppers_are_counted_and_staff_are_not(staff: User) -> None:
    gone = make_shopper("gone")
    gone.openid, gone.deleted_at, gone.is_active = None, timezone.now(), False
    gone.save()
    make_shopper("here")
    User.objects.update(created_at=moment(LAST))
    assert counted().new_shoppers == 2


def test_sales_add_up_lines_of_a_product_at_their_prices(
    shopper_api: APIClient, two_skus: tuple[Product, Any, Any], cup: Product
) -> None:
    shirt, small, large = two_skus
    both = [{**line(shirt), "skuId": small.pk}, {**line(shirt, 2), "skuId": large.pk}]
    order = order_at(shopper_api, MIDNIGHT, *both, line(cup))
    pay_at(order, LAST)
    pay_at(order_at(shopper_api, LAST, line(cup, 2)), LAST)
    counted()
    assert sales() == [
        ("T恤", 3, Decimal("170.00")),
        ("茶杯", 3, Decimal("76.50")),
    ]


def test_the_average_is_of_paid_orders() -> None:
    assert Figures().average_amount == Decimal("0.00")
    figures = Figures(orders=9, paid_orders=3, paid_amount=Decimal("100.00"))
    assert figures.average_amount == Decimal("33.33")
    two = figures + Figures(paid_orders=1, paid_amount=Decimal("0.10"))
    assert two == replace(figures, paid_orders=4, paid_amount=Decimal("100.10"))


def test_today_is_read_up_to_now(shopper_api: APIClient, tea: Product) -> None:
    now = timezone.now()
    earlier = (now - timedelta(milliseconds=1)).isoformat()
    pay_at(order_at(shopper_api, earlier, line(tea)), earlier)
    placed(shopper_api, line(tea))
    start = day_begin(timezone.localdate())
    assert figures_between(start, now) == Figures(1, 1, Decimal("99.00"))
    assert figures_between(now, day_bounds(timezone.localdate())[1]) == Figures(
        orders=1, new_shoppers=1
    )
