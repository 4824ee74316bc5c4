"""Each way in which a bill and our refunds can differ, and what becomes of it."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Product
from orders.models import Refund
from orders.services.reconciling import bill_check
from orders.services.refunds import refund_query, refund_send
from orders.tests.conftest import stock_of
from orders.tests.reconciling.conftest import (
    Pays,
    ends_unheard,
    sums,
    told,
)
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat import pay
from shop.wechat.errors import WeChatUnavailable

NONE = (0, Decimal("0.00"))
NOON = "12:00:00"

pytestmark = pytest.mark.usefixtures("audited")


def test_refunds_on_which_both_agree(refunds: Any, simulator: SimulatorProcess) -> None:
    """However much further we are than the bill, which is hours old."""
    processing, succeeded, failed = (refunds() for _ in range(3))
    ends_unheard(simulator, succeeded, "SUCCESS")
    ends_unheard(simulator, failed, "ABNORMAL")
    for refund in (succeeded, failed):
        refund_query(refund_id=refund.pk)
    today = timezone.localdate(processing.accepted_at)
    check = bill_check(day=today)
    assert (check.result, told(check)) == ("matched", [])
    assert sums(check) == [NONE] * 2 + [(3, Decimal("297.00"))] * 2
    # They come to an end when the bill is long made.
    Refund.objects.filter(pk=processing.pk).update(state="succeeded")
    assert bill_check(day=today).result == "matched"
    Refund.objects.filter(pk=processing.pk).update(state="processing")


@pytest.mark.parametrize(
    ("status", "state", "bill_state"),
    [("SUCCESS", "succeeded", "SUCCESS"), ("ABNORMAL", "failed", "FAIL")],
)
def test_a_refunds_end_that_we_missed_is_booked(
    refunds: Any, simulator: SimulatorProcess, status: str, state: str, bill_state: str
) -> None:
    refund = refunds()
    assert refund.state == "processing"
    ends_unheard(simulator, refund, status)
    today = timezone.localdate(refund.accepted_at)
    for _ in range(2):
        check = bill_check(day=today)
        assert check.result == "matched"
    refund.refresh_from_db()
    assert refund.state == state
    assert refund.events.filter(to_state=state).count() == 1
    [row] = told(check)
    assert row[0:2] == ("refund_state", refund.out_refund_no)
    assert row[2].startswith(f"¥99.00 {bill_state} {today} ")
    assert row[3].startswith(f"¥99.00 退款中 {today} ")
    assert row[4:] == ("已按微信查单结果更新", False)


def test_a_refund_whose_acceptance_we_missed_is_booked(
    refunds: Any, simulator: SimulatorProcess, tea: Product
) -> None:
    refund = refunds(is_sent=False)
    simulator.fault("refund", "drop_reply")
    with pytest.raises(WeChatUnavailable):
        refund_send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.state == "approved"
    check = bill_check(day=timezone.localdate())
    refund.refresh_from_db()
    assert (check.result, refund.state) == ("matched", "processing")
    assert stock_of(tea) == 10
    assert len(simulator.state()["refunds"]) == 1


def test_a_refund_that_we_hold_for_rejected_is_for_staff(
    refunds: Any, simulator: SimulatorProcess
) -> None:
    refund = refunds()
    before = {"state": "processing", "accepted_at": refund.accepted_at}
    Refund.objects.update(state="rejected", accepted_at=None)
    check = bill_check(day=timezone.localdate(refund.accepted_at))
    assert Refund.objects.get().state == "rejected"
    assert check.result == "differences"
    [row] = told(check)
    assert row[0] == "refund_state"
    assert row[3:] == ("¥99.00 已拒绝", "未能自动处理:退款信息不一致", True)
    Refund.objects.update(**before)


def test_a_closed_attempt_that_paid_all_the_same_is_for_staff(
    refunds: Any, simulator: SimulatorProcess
) -> None:
    refund = refunds()
    ends_unheard(simulator, refund, "SUCCESS")
    Refund.objects.update(out_refund_no=f"{refund.refund_no}T02")
    check = bill_check(day=timezone.localdate(refund.accepted_at))
    assert [(row[0], row[4]) for row in told(check)] == [
        ("refund_state", "未能自动处理:微信关闭过的退款单号又已退款")
    ]


def test_an_attempt_that_was_closed_since_is_no_difference(
    refunds: Any, simulator: SimulatorProcess
) -> None:
    refund = refunds()
    Refund.objects.update(out_refund_no=f"{refund.refund_no}T02")
    check = bill_check(day=timezone.localdate(refund.accepted_at))
    assert (check.result, told(check)) == ("matched", [])


def test_a_refund_of_another_amount(refunds: Any, simulator: SimulatorProcess) -> None:
    refund = refunds()
    number = refund.out_refund_no
    simulator.change_bills(today=True, amounts={number: 9800})
    check = bill_check(day=timezone.localdate(refund.accepted_at))
    assert [(row[0], row[1], row[5]) for row in told(check)] == [
        ("refund_amount", number, True)
    ]
    assert sums(check)[2:] == [(1, Decimal("98.00")), (1, Decimal("99.00"))]


def test_a_refund_that_the_bill_does_not_list(
    refunds: Any, simulator: SimulatorProcess
) -> None:
    refund = refunds()
    simulator.change_bills(today=True, hide=[refund.out_refund_no])
    check = bill_check(day=timezone.localdate(refund.accepted_at))
    [row] = told(check)
    assert row[:3] == ("unlisted_refund", refund.out_refund_no, "")
    assert row[3].startswith("¥99.00 退款中 ")
    assert row[4:] == ("微信查单:PROCESSING", True)


def test_a_refund_that_was_made_at_the_merchant_platform(
    pays: Pays, simulator: SimulatorProcess
) -> None:
    payment = pays()
    simulator.hold_refunds()
    simulator.change_bills(today=True)
    pay.refund(
        out_refund_no="ELSEWHERE1",
        transaction_id=payment.transaction_id or "",
        reason="x",
        amount=Decimal("12.50"),
        total=payment.amount,
    )
    check = bill_check(day=timezone.localdate())
    [row] = told(check)
    assert row[:2] == ("unknown_refund", "ELSEWHERE1")
    assert row[2].startswith("¥12.50 PROCESSING ")
    assert row[3:] == ("", "", True)
    assert check.differences.get().order == payment.order


def test_a_refund_that_wechat_has_closed_stands_nowhere(
    refunds: Any, simulator: SimulatorProcess
) -> None:
    refund = refunds()
    ends_unheard(simulator, refund, "CLOSED")
    refund_query(refund_id=refund.pk)
    refund.refresh_from_db()
    assert refund.state == "failed"
    check = bill_check(day=timezone.localdate(refund.accepted_at))
    assert (check.result, told(check)) == ("matched", [])
    assert sums(check)[2] == NONE
