"""A refund in a bill against ours: whether it tells us something new."""

from dataclasses import replace

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Refund
from orders.services.reconciling.comparing import refunds_compare
from orders.services.refunds import refund_by_staff, refund_settle
from orders.services.refunds.settling import refund_refuse
from orders.tests.conftest import line, paid_order, refund_facts
from shop.wechat.trade_bill import RefundRow

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def refund(shopper_api: APIClient, staff: User, tea: Product) -> Refund:
    """A refund of 99.00 that WeChat has not answered."""
    order = paid_order(shopper_api, line(tea))
    return refund_by_staff(order_id=order.pk, operator_id=staff.pk, reason="缺货")


def listed(refund: Refund, status: str = "PROCESSING") -> RefundRow:
    """Return a refund as a bill has it."""
    return RefundRow(
        appid=settings.WECHAT_APPID,
        out_trade_no=refund.payment.out_trade_no,
        transaction_id=refund.payment.transaction_id or "",
        out_refund_no=refund.out_refund_no,
        refund_id="50000001",
        amount=refund.amount,
        status=status,
        accepted_at=timezone.now(),
    )


def kinds(row: RefundRow) -> list[str]:
    return [finding.kind.value for finding in refunds_compare([row])]


NONE: list[str] = []
STATE = ["refund_state"]


@pytest.mark.parametrize(
    ("heard", "processing", "success", "fail"),
    [
        # Nothing was heard of it; each row is one of a refund that we have missed.
        ("", STATE, STATE, STATE),
        ("refused", STATE, STATE, STATE),
        ("PROCESSING", NONE, STATE, STATE),
        ("SUCCESS", NONE, NONE, NONE),
        # Closed before we heard that it was taken, and abnormal: it is not paid.
        ("CLOSED", NONE, STATE, NONE),
        ("ABNORMAL", NONE, STATE, NONE),
    ],
)
def test_a_bill_tells_what_we_did_not_know(
    refund: Refund,
    heard: str,
    processing: list[str],
    success: list[str],
    fail: list[str],
) -> None:
    if heard == "refused":
        refund_refuse(refund=refund, wechat_code="USER_ACCOUNT_ABNORMAL")
    elif heard:
        refund_settle(facts=refund_facts(refund, heard))
    assert [
        kinds(listed(refund, status)) for status in ("PROCESSING", "SUCCESS", "FAIL")
    ] == [processing, success, fail]


def test_a_refund_of_another_payment_is_not_ours(
    refund: Refund, shopper_api: APIClient, cup: Product
) -> None:
    other = paid_order(shopper_api, line(cup)).payments.get()
    refund_settle(facts=refund_facts(refund, "PROCESSING"))
    row = listed(refund)
    assert kinds(row) == []
    for number in (other.out_trade_no, "NEVERMADE1"):
        assert kinds(replace(row, out_trade_no=number)) == ["refund_amount"]


def test_an_unknown_refund_of_our_payment_is_ours_whatever_app_made_it(
    refund: Refund,
) -> None:
    row = replace(listed(refund), out_refund_no="ELSEWHERE1")
    other_app = replace(row, appid="wx0000000000000000")
    assert kinds(row) == ["unknown_refund"]
    assert kinds(other_app) == ["unknown_refund"]
    assert kinds(replace(row, out_trade_no="NEVERMADE1")) == ["unknown_refund"]
    assert kinds(replace(other_app, out_trade_no="NEVERMADE1")) == []
