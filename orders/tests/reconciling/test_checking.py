"""A day checked again, at once, in part or not at all."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from accounts.models import User
from conftest import alone
from orders.errors import DifferenceResolved
from orders.models import BillCheck, BillDifference, Order, Payment
from orders.services.reconciling import bill_check, bills_due, difference_resolve
from orders.services.reconciling.comparing import payments_compare, refunds_compare
from orders.tests.reconciling.conftest import Pays, moment, sums, told, written
from orders.tests.test_metrics import figures, key
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat.errors import (
    BillInvalid,
    WeChatUnavailable,
)
from shop.wechat.trade_bill import PaymentRow, RefundRow

NONE = (0, Decimal("0.00"))
ONE = (1, Decimal("99.00"))

pytestmark = pytest.mark.usefixtures("audited")


@pytest.mark.usefixtures("transactional_db", "queue")
def test_what_is_found_again_is_not_doubled_and_what_has_gone_is_closed(
    pays: Pays, day: date, simulator: SimulatorProcess, caplog: Any
) -> None:
    payment = pays()
    simulator.change_bills(hide=[payment.out_trade_no])
    kind = key("shop_bill_differences_total", {"kind": "unlisted_payment"})
    before = figures().get(kind, 0)
    for _ in range(3):
        assert bill_check(day=day).result == "differences"
    row = BillDifference.objects.get()
    assert (row.kind, row.resolved_at) == ("unlisted_payment", None)
    assert figures()[kind] - before == 1
    errors = [one.message for one in caplog.records if one.levelno == logging.ERROR]
    assert errors == [f"bill of {day}: 1 differences"] * 3
    simulator.change_bills()
    assert bill_check(day=day).result == "matched"
    row.refresh_from_db()
    assert (row.done, row.resolved_by, row.note) == ("重新对账时已消失", None, "")
    assert row.resolved_at is not None
    # It comes back.
    simulator.change_bills(hide=[payment.out_trade_no])
    assert bill_check(day=day).result == "differences"
    row.refresh_from_db()
    assert (row.done, row.resolved_at) == ("微信查单:SUCCESS", None)
    assert BillCheck.objects.count() == 1


def test_what_staff_resolved_stays_resolved(
    pays: Pays, day: date, simulator: SimulatorProcess, staff: User
) -> None:
    first, second = pays(), pays()
    simulator.change_bills(hide=[first.out_trade_no, second.out_trade_no])
    check = bill_check(day=day)
    for number, result in ((first, "differences"), (second, "matched")):
        row = check.differences.get(number=number.out_trade_no)
        difference_resolve(
            difference_id=row.pk, operator_id=staff.pk, note="微信次日补账"
        )
        check.refresh_from_db()
        assert check.result == result
    rows = list(check.differences.values())
    assert {row["resolved_by_id"] for row in rows} == {staff.pk}
    assert {row["note"] for row in rows} == {"微信次日补账"}
    assert bill_check(day=day).result == "matched"
    assert list(check.differences.values()) == rows


def test_a_difference_is_resolved_once(
    pays: Pays, day: date, simulator: SimulatorProcess, staff: User, shopper: User
) -> None:
    simulator.change_bills(hide=[pays().out_trade_no])
    row = bill_check(day=day).differences.get()
    difference_resolve(difference_id=row.pk, operator_id=staff.pk, note="一")
    with pytest.raises(DifferenceResolved):
        difference_resolve(difference_id=row.pk, operator_id=shopper.pk, note="二")
    row.refresh_from_db()
    assert (row.resolved_by, row.note) == (staff, "一")


@pytest.mark.parametrize(
    ("route", "kind", "error", "reason"),
    [
        ("bill", "500", WeChatUnavailable, "微信服务暂时不可用,请稍后再试"),
        ("bill", "html", WeChatUnavailable, "微信服务暂时不可用,请稍后再试"),
        ("bill", "reset", WeChatUnavailable, "微信服务暂时不可用,请稍后再试"),
        ("download", "500", WeChatUnavailable, "微信服务暂时不可用,请稍后再试"),
        ("download", "reset", WeChatUnavailable, "微信服务暂时不可用,请稍后再试"),
        ("download", "html", BillInvalid, "微信账单压缩包已损坏"),
    ],
)
def test_without_a_whole_bill_nothing_is_compared(
    pays: Pays,
    day: date,
    simulator: SimulatorProcess,
    route: str,
    kind: str,
    error: type[Exception],
    reason: str,
) -> None:
    pays(is_booked=False)
    simulator.fault(route, kind)
    with pytest.raises(error):
        bill_check(day=day)
    assert written() == [(day, "failed", reason)]
    assert Payment.objects.get().state == "open"


def test_a_bill_of_another_hash_is_not_used(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    payment = pays()
    simulator.change_bills(hide=[payment.out_trade_no])
    bill_check(day=day)
    found = BillDifference.objects.values().get()
    simulator.change_bills(wrong_hash=True)
    pays()
    with pytest.raises(BillInvalid):
        bill_check(day=day)
    assert BillDifference.objects.values().get() == found
    check = BillCheck.objects.get()
    assert (check.result, check.error) == ("failed", "微信账单校验值不符")
    assert sums(check)[:2] == [NONE, ONE]


def test_wechat_goes_away_in_the_middle_of_mending(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    """As a process that dies there: what is left is found and mended the next time."""
    first, second = pays(is_booked=False), pays(is_booked=False)
    simulator.fault("query", "drop_reply")
    with pytest.raises(WeChatUnavailable):
        bill_check(day=day)
    assert set(Payment.objects.values_list("state", flat=True)) == {"open"}
    check = BillCheck.objects.get()
    assert (check.result, check.error) == ("failed", "微信服务暂时不可用,请稍后再试")
    assert check.differences.open().count() == 2
    assert day in bills_due()
    assert bill_check(day=day).result == "matched"
    assert set(Payment.objects.values_list("state", flat=True)) == {"succeeded"}
    assert {row[1]: row[4:] for row in told(check)} == {
        payment.out_trade_no: ("已按微信查单结果入账", False)
        for payment in (first, second)
    }


@pytest.mark.usefixtures("transactional_db", "queue")
def test_checks_at_once_do_the_work_once(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    pays(is_booked=False)
    hidden = pays()
    simulator.change_bills(hide=[hidden.out_trade_no])
    with ThreadPoolExecutor(4) as pool:
        checks = [pool.submit(alone(partial(bill_check, day=day))) for _ in range(4)]
        assert {one.result().day for one in checks} == {day}
    check = BillCheck.objects.get()
    assert check.result == "differences"
    assert sorted(row[0] for row in told(check)) == [
        "unbooked_payment",
        "unlisted_payment",
    ]
    assert [row.kind for row in check.differences.open()] == ["unlisted_payment"]
    assert Order.objects.filter(events__to_status="paid").count() == 2


def test_statements_grow_by_a_thousand_rows(
    django_assert_num_queries: Any, settings: Any, day: date
) -> None:
    payments = (
        PaymentRow(
            appid=settings.WECHAT_APPID,
            out_trade_no=f"P{number}",
            transaction_id=f"42{number}",
            amount=Decimal("1.00"),
            paid_at=moment(day),
        )
        for number in range(2500)
    )
    with django_assert_num_queries(3):
        assert sum(1 for _ in payments_compare(payments)) == 2500
    refunds = (
        RefundRow(
            appid=settings.WECHAT_APPID,
            out_trade_no=f"P{number}",
            transaction_id=f"42{number}",
            out_refund_no=f"R{number}",
            refund_id=f"50{number}",
            amount=Decimal("1.00"),
            status="SUCCESS",
            accepted_at=moment(day),
        )
        for number in range(2500)
    )
    with django_assert_num_queries(6):
        assert sum(1 for _ in refunds_compare(refunds)) == 2500
