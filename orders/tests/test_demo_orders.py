"""seed_demo --orders: a month that agrees with itself and with WeChat's books."""

import io
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.db.models import F, OuterRef, Sum
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Favorite, Footprint, Product, ProductImage, Sku
from orders.demo.orders import demo_orders_load
from orders.demo.reviews import demo_reviews_load
from orders.models import (
    CartItem,
    DailyFigures,
    Order,
    OrderItem,
    Payment,
    Refund,
    Review,
)
from orders.services.audit import orders_audit
from orders.services.figures import figures_due
from orders.services.reconciling import bill_check
from orders.tests.books import BothBooks
from orders.tests.conftest import line, work
from orders.tests.refunding import completed_order
from shop.days import day_begin
from shop.devstack.simulator.process import SimulatorProcess

# Of a product; the demo's SKUs have none of their own.
FIRST_PICTURE = ProductImage.objects.filter(
    product=OuterRef("product"), position=0
).values("file")[:1]


def of_today() -> list[int]:
    """Return the orders of the day that the shop's clock shows, oldest first."""
    begin = day_begin(timezone.localdate())
    found = Order.objects.filter(created_at__gte=begin).order_by("created_at", "pk")
    return [*found.values_list("pk", flat=True)]


@pytest.fixture
def own_simulator(tmp_path: Path, settings: Any) -> Iterator[SimulatorProcess]:
    """Return a WeChat with empty books: what it bills is of this test alone."""
    world = Path(os.environ["SHOP_TEST_SERVERS"]) / "wechat.json"
    with SimulatorProcess(world, tmp_path / "books.sqlite3") as process:
        settings.WECHAT_API_BASE = settings.WECHAT_PAY_BASE = process.base_url
        yield process


def test_production_wants_no_such_orders(db: None, settings: Any) -> None:
    settings.IS_DEVELOPMENT = False
    with pytest.raises(CommandError, match="--orders needs SHOP_ENV=development"):
        call_command("seed_demo", "--orders")
    assert not User.objects.exists()


@pytest.mark.usefixtures("db")
def test_without_the_simulator_no_order_is_written(settings: Any) -> None:
    settings.WECHAT_PAY_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="the simulator is not there"):
        call_command("seed_demo", "--orders", stdout=io.StringIO())
    assert not Order.objects.exists()
    assert Product.objects.exists()


@pytest.mark.usefixtures("transactional_db", "queue")
def test_a_month_of_orders_agrees_with_all_books(
    own_simulator: SimulatorProcess,
) -> None:
    books = BothBooks(own_simulator)
    call_command("seed_demo", "--orders", stdout=io.StringIO())
    count = Order.objects.count()
    assert 30 <= count <= 90
    assert orders_audit() == []
    assert books.differences() == []
    assert figures_due() == []
    past = Payment.objects.filter(order__in=Order.objects.exclude(pk__in=of_today()))
    sums = DailyFigures.objects.aggregate(Sum("orders"), Sum("paid_amount"))
    paid = past.aggregate(amount=Sum("amount"))["amount"]
    assert sums == {"orders__sum": count - 3, "paid_amount__sum": paid}
    statuses = Order.objects.values_list("status", flat=True)
    assert set(statuses) == {"paid", "shipped", "completed"}
    pictures = OrderItem.objects.filter(image=FIRST_PICTURE)
    assert pictures.count() == OrderItem.objects.count()
    sold = Product.objects.aggregate(sold=Sum("sales"))["sold"]
    assert sold == Order.objects.aggregate(pieces=Sum("items__quantity"))["pieces"]

    work()
    reviews = Review.objects.order_by("pk")
    assert [review.state for review in reviews] == [
        *["public"] * (len(reviews) - 2),
        *["waiting"] * 2,
    ]
    assert len(reviews) >= 8
    assert orders_audit() == []

    call_command("seed_demo", "--orders", stdout=(again := io.StringIO()))
    assert "orders of the demo: 0 added" in again.getvalue()
    assert Order.objects.count() == count
    shelves = (CartItem, Favorite, Footprint)
    assert [model.objects.count() for model in shelves] == [24, 36, 72]

    # WeChat hears of the parcels, and its bills list what was paid.
    work()
    told = {one["outTradeNo"] for one in own_simulator.state()["shippingUploads"]}
    shipped = Payment.objects.exclude(order__status="paid")
    assert told == set(shipped.values_list("out_trade_no", flat=True))
    for ago in (2, 30):
        check = bill_check(day=timezone.localdate() - timedelta(days=ago))
        assert (check.result, check.bill_payments > 0) == ("matched", True)
    assert orders_audit() == []


@pytest.mark.parametrize("passed", ["0:00:00", "0:00:30", "0:20:00", "9:00:00"])
def test_orders_of_today_are_older_than_the_clock(
    own_simulator: SimulatorProcess,
    product_make: Callable[..., Product],
    set_clock: Callable[[datetime], None],
    passed: str,
) -> None:
    """Also right after midnight, when the day has had no hours yet."""
    hours, minutes, seconds = map(int, passed.split(":"))
    since = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    now = day_begin(timezone.localdate()) + since
    set_clock(now)
    product_make("茶", stock=500)
    product_make("杯", stock=500)
    demo_orders_load()
    today = Order.objects.filter(pk__in=of_today()).order_by("created_at", "pk")
    assert [order.status for order in today] == ["paid"] * 3
    for order in today:
        assert order.paid_at is not None
        assert order.created_at <= order.paid_at <= now
    assert today[0].created_at == now - min(since, timedelta(hours=6)) * 0.9
    refund = Refund.objects.get(state="requested")
    assert refund.order == today[1]
    returned = Refund.objects.exclude(pk=refund.pk).get()
    assert (returned.state, returned.order.status) == ("returning", "shipped")
    reminded = Order.objects.reminded().get()
    assert reminded == Order.objects.to_ship().earliest("created_at", "pk")
    assert orders_audit() == []


def test_second_try_makes_the_numbers_that_wechat_knows(
    own_simulator: SimulatorProcess, product_make: Callable[..., Product]
) -> None:
    books = BothBooks(own_simulator)
    product_make("茶", stock=1)
    product_make("杯", stock=1)
    with pytest.raises(IntegrityError, match="stock"):
        demo_orders_load()
    assert not Order.objects.exists()
    told = len(own_simulator.state()["payments"])
    Sku.objects.update(stock=500)
    assert demo_orders_load() == told
    assert books.differences() == []


def test_reviews_are_of_the_demo_alone_and_of_what_may_be_reviewed(
    shopper: User, shopper_api: APIClient, other_api: APIClient, tea: Product
) -> None:
    """Data of an earlier version may hold anything."""
    User.objects.filter(pk=shopper.pk).update(openid="demo-1")
    late, returned, *left = (completed_order(shopper_api, line(tea)) for _ in range(3))
    completed_order(other_api, line(tea))
    Order.objects.filter(pk=late.pk).update(completed_at=timezone.now() - timedelta(31))
    returned.items.update(refund_quantity=F("quantity"))
    assert demo_reviews_load() == 1
    assert Review.objects.get().order_item.order == left[0]
