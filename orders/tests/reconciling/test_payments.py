"""Each way in which a bill and our payments can differ, and what becomes of it."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment, PaymentAnomaly
from orders.services.closing import order_cancel
from orders.services.reconciling import bill_check
from orders.services.reconciling.mending import ASKED_MAX
from orders.tests.conftest import stock_of
from orders.tests.reconciling.conftest import (
    Pays,
    announced,
    moment,
    sums,
    told,
)
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat import pay

NONE = (0, Decimal("0.00"))
NOON = "12:00:00"

pytestmark = pytest.mark.usefixtures("audited")


def test_a_day_on_which_both_agree(pays: Pays, day: date) -> None:
    pays(at=moment(day, "00:00:00"))
    pays(at=moment(day, "23:59:59"))
    pays(at=moment(day - timedelta(days=1), "23:59:59"))
    check = bill_check(day=day)
    assert (check.day, check.result, check.error) == (day, "matched", "")
    assert sums(check) == [(2, Decimal("198.00"))] * 2 + [NONE] * 2
    assert (check.other_rows, told(check)) == (0, [])


@pytest.mark.usefixtures("simulator")
def test_a_day_without_any_payment(day: date) -> None:
    check = bill_check(day=day)
    assert (check.result, sums(check), told(check)) == ("matched", [NONE] * 4, [])


def test_a_payment_that_we_missed_is_booked_once(
    pays: Pays, day: date, tea: Product
) -> None:
    payment = pays(is_booked=False)
    assert (payment.state, payment.order.status) == ("open", "pending")
    for _ in range(2):
        check = bill_check(day=day)
        assert check.result == "matched"
        assert sums(check) == [(1, Decimal("99.00"))] * 2 + [NONE] * 2
    payment.refresh_from_db()
    tea.refresh_from_db()
    order = Order.objects.get()
    assert (payment.state, payment.paid_at) == ("succeeded", moment(day))
    assert (order.status, order.paid_at) == ("paid", moment(day))
    assert (tea.sales, stock_of(tea)) == (1, 9)
    assert order.events.filter(to_status="paid").count() == 1
    assert told(check) == [
        (
            "unbooked_payment",
            payment.out_trade_no,
            f"¥99.00 {payment.transaction_id} {day} {NOON}",
            "¥99.00 待支付",
            "已按微信查单结果入账",
            False,
        )
    ]


def test_late_money_that_we_missed_places_the_order_again(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, day: date
) -> None:
    payment = announced(wechat_api, tea)
    order_cancel(order_no=payment.order.order_no, user_id=payment.order.user_id)
    simulator.fault("notify", "never")
    simulator.shift_clock((moment(day) - timezone.now()).total_seconds())
    simulator.pay(payment.out_trade_no, force=True)
    simulator.shift_clock(0)
    check = bill_check(day=day)
    payment.refresh_from_db()
    assert (check.result, payment.state) == ("matched", "succeeded")
    assert payment.order.status == "paid"
    assert Order.objects.exclude(pk=payment.order_id).get().status == "cancelled"
    assert PaymentAnomaly.objects.get().kind == "late"


def test_money_of_another_amount_is_never_booked(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    payment = pays(is_booked=False)
    simulator.change_bills(amounts={payment.out_trade_no: 1})
    check = bill_check(day=day)
    payment.refresh_from_db()
    assert (check.result, payment.state) == ("differences", "open")
    transaction_id = simulator.payment(payment.out_trade_no)["transactionId"]
    assert told(check) == [
        (
            "payment_amount",
            payment.out_trade_no,
            f"¥0.01 {transaction_id} {day} {NOON}",
            "¥99.00 待支付",
            "",
            True,
        )
    ]
    assert sums(check)[:2] == [(1, Decimal("0.01")), NONE]


def test_the_bill_alone_books_nothing(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    """It says what was asked for; the signed answer says something else."""
    payment = pays(is_booked=False)
    Payment.objects.update(amount="98.00")
    simulator.change_bills(amounts={payment.out_trade_no: 9800})
    check = bill_check(day=day)
    Payment.objects.update(amount="99.00")
    payment.refresh_from_db()
    assert (check.result, payment.state) == ("differences", "open")
    [row] = told(check)
    assert row[0] == "unbooked_payment"
    assert row[4:] == ("未能自动处理:支付信息不一致", True)
    assert PaymentAnomaly.objects.get().kind == "mismatch"


def test_a_payment_that_was_given_back_elsewhere_is_for_staff(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    """Refunded at the merchant platform before we had heard of it."""
    payment = pays(is_booked=False)
    transaction_id = simulator.payment(payment.out_trade_no)["transactionId"]
    pay.refund(
        out_refund_no="ELSEWHERE1",
        transaction_id=transaction_id,
        reason="x",
        amount=payment.amount,
        total=payment.amount,
    )
    check = bill_check(day=day)
    payment.refresh_from_db()
    assert (check.result, payment.state) == ("differences", "open")
    assert [row[4:] for row in told(check)] == [("未能自动处理:微信查单REFUND", True)]


def test_a_payment_that_the_bill_does_not_list(
    pays: Pays, day: date, simulator: SimulatorProcess
) -> None:
    payment = pays()
    pays()
    simulator.change_bills(hide=[payment.out_trade_no])
    check = bill_check(day=day)
    assert check.result == "differences"
    assert sums(check)[:2] == [(1, Decimal("99.00")), (2, Decimal("198.00"))]
    assert told(check) == [
        (
            "unlisted_payment",
            payment.out_trade_no,
            "",
            f"¥99.00 {payment.transaction_id} {day} {NOON}",
            "微信查单:SUCCESS",
            True,
        )
    ]
    assert check.differences.get().order == payment.order


def test_a_payment_that_wechat_does_not_know(pays: Pays, day: date) -> None:
    payment = pays()
    Payment.objects.update(out_trade_no="ZZ0000000001P001")
    check = bill_check(day=day)
    assert [(row[0], row[1], row[4]) for row in told(check)] == [
        ("unknown_payment", payment.out_trade_no, ""),
        ("unlisted_payment", "ZZ0000000001P001", "微信查无此单"),
    ]


def test_only_so_many_that_the_bill_does_not_list_are_asked_about(
    pays: Pays, day: date
) -> None:
    """A bill that lacks thousands must not cost a call for each."""
    order = pays().order
    Payment.objects.bulk_create(
        Payment(
            order=order,
            out_trade_no=f"ZZ{number:010d}P001",
            amount=Decimal("1.00"),
            state="undue",
            transaction_id=f"ZZ{number}",
            facts={},
            paid_at=moment(day),
            expires_at=moment(day),
        )
        for number in range(ASKED_MAX + 1)
    )
    done = Counter(row[4] for row in told(bill_check(day=day)))
    assert done == {"微信查无此单": 100, "数量过多,未逐笔查单": 1}
    # Made up, they would rightly fail the audit.
    Payment.objects.filter(out_trade_no__startswith="ZZ").delete()


def test_a_payment_under_another_transaction_id(pays: Pays, day: date) -> None:
    payment = pays()
    Payment.objects.update(transaction_id="4299999")
    check = bill_check(day=day)
    assert check.result == "differences"
    assert told(check) == [
        (
            "transaction_id",
            payment.out_trade_no,
            f"¥99.00 {payment.transaction_id} {day} {NOON}",
            f"¥99.00 4299999 {day} {NOON}",
            "",
            True,
        )
    ]


def paid_elsewhere(simulator: SimulatorProcess, api: APIClient, day: date) -> str:
    """Pay at WeChat under a number that we never made; return WeChat's own."""
    pay.prepay(
        out_trade_no="TILL000001",
        description="茶",
        amount=Decimal("12.30"),
        openid=User.objects.get().openid,
        expires_at=timezone.now() + timedelta(minutes=30),
    )
    simulator.fault("notify", "never")
    simulator.shift_clock((moment(day) - timezone.now()).total_seconds())
    transaction_id = simulator.pay("TILL000001")
    simulator.shift_clock(0)
    return transaction_id


def test_a_payment_under_a_number_that_we_never_made(
    simulator: SimulatorProcess, wechat_api: APIClient, day: date
) -> None:
    transaction_id = paid_elsewhere(simulator, wechat_api, day)
    check = bill_check(day=day)
    assert check.result == "differences"
    assert told(check) == [
        (
            "unknown_payment",
            "TILL000001",
            f"¥12.30 {transaction_id} {day} {NOON}",
            "",
            "",
            True,
        )
    ]
    assert sums(check)[:2] == [(1, Decimal("12.30")), NONE]


def test_another_app_of_the_merchant_is_counted_apart(
    simulator: SimulatorProcess, wechat_api: APIClient, day: date, settings: Any
) -> None:
    paid_elsewhere(simulator, wechat_api, day)
    settings.WECHAT_APPID = "wx00000000000other"
    check = bill_check(day=day)
    assert (check.result, check.other_rows, told(check)) == ("matched", 1, [])
    assert sums(check) == [NONE] * 4
