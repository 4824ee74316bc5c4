"""Which day a payment is of, which days are due, and days without a bill."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import BillCheck, Payment
from orders.services.reconciling import bill_check, bills_due
from orders.tests.conftest import line, paid_order
from orders.tests.reconciling.conftest import Pays, moment, sums, told, written
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat.errors import (
    BillNotReady,
    WeChatRefused,
    WeChatUnavailable,
)

NONE = (0, Decimal("0.00"))
ONE = (1, Decimal("99.00"))

pytestmark = pytest.mark.usefixtures("audited")


def test_a_payment_that_our_clock_has_dated_to_the_next_day(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    """WeChat dates by its own clock, we by ours when it does not tell its own."""
    following = day + timedelta(days=1)
    simulator.change_bills(today=True)
    pays(at=moment(day, "23:59:59"))
    Payment.objects.update(paid_at=moment(following, "00:00:01"))
    check = bill_check(day=day)
    assert (check.result, told(check)) == ("matched", [])
    assert sums(check)[:2] == [ONE, NONE]
    check = bill_check(day=following)
    assert (check.result, told(check)) == ("matched", [])
    assert sums(check)[:2] == [NONE, ONE]


def test_days_end_at_chinas_midnight(pays: Pays, day: date) -> None:
    utc = ZoneInfo("UTC")
    pays(at=datetime.combine(day, datetime.min.time(), utc) + timedelta(hours=16))
    assert bill_check(day=day).bill_payments == 0
    assert bill_check(day=day).shop_payments == 0


def test_due_are_the_days_since_the_first_payment(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    assert bills_due() == [yesterday]
    pays(at=moment(day - timedelta(days=2)))
    assert bills_due() == [day - timedelta(days=n) for n in (2, 1, 0, -1)]
    bill_check(day=day)
    simulator.fault("bill", "500")
    with pytest.raises(WeChatUnavailable):
        bill_check(day=day - timedelta(days=1))
    assert bills_due() == [day - timedelta(days=n) for n in (2, 1, -1)]
    Payment.objects.update(paid_at=moment(day - timedelta(days=400)))
    due = bills_due()
    assert (len(due), due[0], due[-1]) == (
        89,
        yesterday - timedelta(days=89),
        yesterday,
    )


@pytest.mark.usefixtures("simulator")
def test_a_bill_that_is_not_made_yet() -> None:
    today = timezone.localdate()
    with pytest.raises(BillNotReady):
        bill_check(day=today)
    assert written() == [(today, "failed", "微信账单尚未生成,请稍后再试")]


@pytest.mark.usefixtures("wechat_pay")
def test_a_bill_that_never_comes_of_a_day_on_which_nothing_happened(
    say: Any, day: date
) -> None:
    """WeChat may say that it is being made, for ever."""
    say({"code": "STATEMENT_CREATING", "message": "账单生成中"}, 400)
    assert bill_check(day=day).result == "matched"
    with pytest.raises(BillNotReady):
        bill_check(day=day + timedelta(days=1))
    assert [check[:2] for check in written()] == [
        (day, "matched"),
        (day + timedelta(days=1), "failed"),
    ]


@pytest.mark.usefixtures("wechat_pay")
def test_a_bill_that_is_late_is_waited_for(
    say: Any, shopper_api: APIClient, tea: Product, day: date
) -> None:
    paid_order(shopper_api, line(tea))
    Payment.objects.update(paid_at=moment(day))
    say({"code": "STATEMENT_CREATING", "message": "账单生成中"}, 400)
    with pytest.raises(BillNotReady):
        bill_check(day=day)


@pytest.mark.usefixtures("simulator")
def test_what_was_found_on_a_day_outlives_its_bill() -> None:
    day = timezone.localdate() - timedelta(days=91)
    BillCheck.objects.create(day=day, result="matched", checked_at=moment(day))
    before = list(BillCheck.objects.values())
    with pytest.raises(WeChatRefused, match="三个月"):
        bill_check(day=day)
    assert list(BillCheck.objects.values()) == before
