"""What a refund's state allows, and what it does to shipping."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.errors import IllegalTransition, RefundMismatch
from orders.models import Order, PaymentAnomaly, Refund
from orders.services.closing import order_cancel
from orders.services.fulfilment import order_ship
from orders.services.refunds import (
    refund_approve,
    refund_by_staff,
    refund_end_by_hand,
    refund_reject,
    refund_request,
    refund_retry,
    refund_settle,
)
from orders.services.refunds.settling import refund_refuse
from orders.tests.conftest import line, paid_order, refund_facts

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    return paid_order(shopper_api, line(tea), line(cup, 2))


def requested(order: Order, name: str) -> Refund:
    """Ask for the money of one line."""
    item = order.items.get(name=name)
    return refund_request(
        order_no=order.order_no,
        user_id=order.user_id,
        reason="不合适",
        quantities={item.pk: item.quantity},
    )


def ship_the_rest(order: Order) -> None:
    order_ship(order_id=order.pk, carrier="SF", tracking_no="SF1", operator_id=None)


def approve(refund: Refund, staff: User, *, is_restocked: bool = False) -> None:
    refund_approve(refund_id=refund.pk, operator_id=staff.pk, is_restocked=is_restocked)


def test_retry_is_no_approval(order: Order, staff: User) -> None:
    """Who may retry need not be who may answer."""
    refund = requested(order, "茶杯")
    with pytest.raises(IllegalTransition):
        refund_retry(refund_id=refund.pk, operator_id=staff.pk)
    refund.refresh_from_db()
    assert (refund.state, refund.due_at) == ("requested", None)


@pytest.mark.parametrize("said", ["CLOSED", "ABNORMAL"])
def test_approval_is_no_retry(order: Order, staff: User, said: str) -> None:
    """A closed number would be sent again, and restocking be decided twice."""
    refund = requested(order, "茶杯")
    approve(refund, staff)
    refund_settle(facts=refund_facts(refund, said))
    with pytest.raises(IllegalTransition):
        approve(refund, staff, is_restocked=True)
    refund.refresh_from_db()
    assert (refund.state, refund.wechat_error) == ("failed", said)
    assert refund.is_restocked is False


def test_order_with_a_request_is_not_shipped_by_the_rest(
    order: Order, staff: User
) -> None:
    """Refused, the pieces have still to leave; so the order waits for the answer."""
    refund = requested(order, "茶杯")
    ship_the_rest(order)
    order.refresh_from_db()
    assert order.status == "paid"
    refund_reject(refund_id=refund.pk, operator_id=staff.pk, answer="已备货")
    order_ship(order_id=order.pk, carrier="SF", tracking_no="SF2", operator_id=None)
    order.refresh_from_db()
    assert order.status == "shipped"


@pytest.mark.parametrize("is_approved", [True, False])
def test_order_closes_when_all_of_it_is_granted_not_when_it_is_asked_for(
    order: Order, staff: User, is_approved: bool
) -> None:
    """Closing by a request, it would be stuck once that is refused."""
    refund = requested(order, "茶杯")
    rest = refund_by_staff(
        order_id=order.pk,
        operator_id=staff.pk,
        reason="缺货",
        quantities={order.items.get(name="龙井茶").pk: 1},
    )
    order.refresh_from_db()
    assert order.is_closing is False
    if is_approved:
        approve(refund, staff)
    else:
        refund_reject(refund_id=refund.pk, operator_id=staff.pk, answer="已备货")
    order.refresh_from_db()
    assert order.is_closing is is_approved
    refund_settle(facts=refund_facts(rest, "SUCCESS"))
    if is_approved:
        refund_settle(facts=refund_facts(refund, "SUCCESS"))
    else:
        ship_the_rest(order)
    order.refresh_from_db()
    assert order.status == ("cancelled" if is_approved else "shipped")


def test_order_is_shipped_when_wechat_takes_the_refund_of_the_rest(
    order: Order, staff: User
) -> None:
    refund = requested(order, "茶杯")
    ship_the_rest(order)
    approve(refund, staff)
    order.refresh_from_db()
    # Something has left: it does not end as cancelled.
    assert (order.status, order.is_closing) == ("paid", False)
    refund_settle(facts=refund_facts(refund, "PROCESSING"))
    order.refresh_from_db()
    assert (order.status, order.events.last().reason) == ("shipped", "其余商品已退款")


def test_order_is_shipped_by_the_rest_once_the_refund_is_taken(
    order: Order, staff: User
) -> None:
    refund = requested(order, "茶杯")
    approve(refund, staff)
    refund_settle(facts=refund_facts(refund, "PROCESSING"))
    ship_the_rest(order)
    order.refresh_from_db()
    assert order.status == "shipped"


def test_order_that_goes_back_wholly_is_not_shipped(
    order: Order, shopper: User
) -> None:
    order_cancel(order_no=order.order_no, user_id=shopper.pk)
    with pytest.raises(IllegalTransition, match="订单关闭中,不能发货"):
        ship_the_rest(order)
    assert not order.shipments.exists()


def test_pieces_of_a_refund_that_was_paid_by_hand_hold_up_no_order(
    order: Order, staff: User
) -> None:
    refund = requested(order, "茶杯")
    approve(refund, staff)
    refund_refuse(refund=refund, wechat_code="USER_ACCOUNT_ABNORMAL")
    ship_the_rest(order)
    order.refresh_from_db()
    assert order.status == "paid"
    call = {"refund_id": refund.pk, "operator_id": staff.pk, "note": "已转账"}
    refund_end_by_hand(**call)
    order.refresh_from_db()
    assert order.status == "shipped"
    with pytest.raises(IllegalTransition):
        refund_end_by_hand(**call)


def test_what_was_paid_by_hand_and_then_by_wechat_reaches_staff(
    order: Order, staff: User
) -> None:
    refund = requested(order, "茶杯")
    approve(refund, staff)
    taken_at = refund_settle(facts=refund_facts(refund, "ABNORMAL")).accepted_at
    ended = refund_end_by_hand(refund_id=refund.pk, operator_id=staff.pk, note="已转账")
    # Its day in WeChat's bill is still the one on which WeChat took it.
    assert (ended.state, ended.accepted_at) == ("succeeded", taken_at)
    with pytest.raises(RefundMismatch):
        refund_settle(facts=refund_facts(refund, "SUCCESS"))
    assert PaymentAnomaly.objects.latest("pk").kind == "mismatch"


def test_refused_refund_is_retried_under_its_number(order: Order, staff: User) -> None:
    refund = requested(order, "茶杯")
    approve(refund, staff)
    refund_refuse(refund=refund, wechat_code="USER_ACCOUNT_ABNORMAL")
    number = refund.out_refund_no
    refund_retry(refund_id=refund.pk, operator_id=staff.pk)
    refund.refresh_from_db()
    assert (refund.state, refund.wechat_error) == ("approved", "")
    assert refund.out_refund_no == number
