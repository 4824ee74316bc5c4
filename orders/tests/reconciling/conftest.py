"""A WeChat with books of its own for each test, whose bills list this test alone."""

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import BillCheck, BillDifference, Order, Payment, Refund
from orders.services.payments import payment_settle, payment_start
from orders.services.refunds import refund_by_staff, refund_send
from orders.tests.conftest import line, placed
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat import pay

# Fixtures: a WeChat that says what the simulator never would.
from shop.wechat.tests.conftest import say, wechat, wechat_pay  # noqa: F401


@pytest.fixture
def simulator_process(tmp_path: Path) -> Iterator[SimulatorProcess]:
    world = Path(os.environ["SHOP_TEST_SERVERS"]) / "wechat.json"
    with SimulatorProcess(world, tmp_path / "books.sqlite3") as process:
        yield process


@pytest.fixture
def day() -> date:
    """Return a day whose bill is made, whatever the time is now."""
    return timezone.localdate() - timedelta(days=2)


def moment(day: date, at: str = "12:00:00") -> datetime:
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(at)))


Pays = Callable[..., Payment]


@pytest.fixture
def pays(
    simulator: SimulatorProcess, wechat_api: APIClient, tea: Product, day: date
) -> Pays:
    """Return what places and pays an order at WeChat then; its notification is lost."""

    def paid(*, at: datetime | None = None, is_booked: bool = True) -> Payment:
        payment = announced(wechat_api, tea)
        simulator.fault("notify", "never")
        when = at or moment(day)
        simulator.shift_clock((when - timezone.now()).total_seconds())
        simulator.pay(payment.out_trade_no)
        simulator.shift_clock(0)
        if is_booked:
            payment_settle(facts=pay.query(payment.out_trade_no) or {})
        payment.refresh_from_db()
        return payment

    return paid


def announced(api: APIClient, product: Product) -> Payment:
    """Place an order and get its parameters; return the open attempt."""
    order = Order.objects.get(order_no=placed(api, line(product))["orderNo"])
    payment_start(order_no=order.order_no, user=order.user)
    return order.payments.get()


@pytest.fixture
def refunds(pays: Pays, simulator: SimulatorProcess, staff: User) -> Any:
    """Return what pays an order and refunds it at WeChat today, which holds it back."""
    simulator.hold_refunds()
    simulator.change_bills(today=True)

    def refunded(*, is_sent: bool = True) -> Refund:
        refund = refund_by_staff(
            order_id=pays().order_id, operator_id=staff.pk, reason="少发了一件"
        )
        if is_sent:
            refund_send(refund_id=refund.pk)
        refund.refresh_from_db()
        return refund

    return refunded


def ends_unheard(simulator: SimulatorProcess, refund: Refund, status: str) -> None:
    """End a refund at WeChat, and lose the notification."""
    simulator.fault("notify", "never")
    simulator.refund_decide(refund.out_refund_no, status)


def told(check: BillCheck) -> list[tuple[str, str, str, str, str, bool]]:
    """Return what staff are told of a day's differences, oldest first."""
    return [
        (
            row.kind,
            row.number,
            row.bill_says,
            row.shop_says,
            row.done,
            row.resolved_at is None,
        )
        for row in check.differences.order_by("pk")
    ]


def sums(check: BillCheck) -> list[tuple[int, Decimal]]:
    """Return counts and amounts: WeChat's payments, ours, WeChat's refunds, ours."""
    return [
        (check.bill_payments, check.bill_paid),
        (check.shop_payments, check.shop_paid),
        (check.bill_refunds, check.bill_refunded),
        (check.shop_refunds, check.shop_refunded),
    ]


def written() -> list[Any]:
    """Return all that checks have written, but when."""
    return [
        *BillCheck.objects.order_by("pk").values_list("day", "result", "error"),
        *BillDifference.objects.order_by("pk").values_list(
            "kind", "number", "done", "resolved_at", "resolved_by", "note"
        ),
    ]
