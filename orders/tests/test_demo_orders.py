"""seed_demo --orders: a month that agrees with itself and with WeChat's books."""

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from catalog.models import Product
from orders.models import DailyFigures, Order, Payment
from orders.services.audit import orders_audit
from orders.services.figures import figures_due
from orders.services.reconciling import bill_check
from orders.tests.books import BothBooks
from orders.tests.conftest import work
from shop.devstack.simulator.process import SimulatorProcess


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
    sums = DailyFigures.objects.aggregate(Sum("orders"), Sum("paid_amount"))
    paid = Payment.objects.aggregate(amount=Sum("amount"))["amount"]
    assert sums == {"orders__sum": count, "paid_amount__sum": paid}
    statuses = Order.objects.values_list("status", flat=True)
    assert set(statuses) == {"paid", "shipped", "completed"}
    sold = Product.objects.aggregate(sold=Sum("sales"))["sold"]
    assert sold == Order.objects.aggregate(pieces=Sum("items__quantity"))["pieces"]

    call_command("seed_demo", "--orders", stdout=(again := io.StringIO()))
    assert "orders of the demo: 0 added" in again.getvalue()
    assert Order.objects.count() == count

    # WeChat hears of the parcels, and its bills list what was paid.
    work()
    told = {one["outTradeNo"] for one in own_simulator.state()["shippingUploads"]}
    shipped = Payment.objects.exclude(order__status="paid")
    assert told == set(shipped.values_list("out_trade_no", flat=True))
    for ago in (2, 30):
        check = bill_check(day=timezone.localdate() - timedelta(days=ago))
        assert (check.result, check.bill_payments > 0) == ("matched", True)
    assert orders_audit() == []
