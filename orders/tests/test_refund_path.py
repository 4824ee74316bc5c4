"""From the request to the money, with WeChat over HTTP; pieces and sales follow."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import MovementReason, Product, StockMovement
from orders.models import Order, Payment, Refund
from orders.services.refunds import (
    refund_approve,
    refund_by_staff,
    refund_reject,
    refund_retry,
    refund_send,
    refund_settle,
    refunds_follow,
)
from orders.services.refunds.settling import refund_refuse
from orders.tests.conftest import line, placed, refund_facts, stock_of
from orders.tests.refunding import asked, pieces, ship
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat import pay

pytestmark = pytest.mark.usefixtures("audited", "shop_server")


@pytest.fixture(autouse=True)
def _refunds_are_decided(simulator: SimulatorProcess) -> Any:
    """Let WeChat keep refunds until the test decides."""
    simulator.hold_refunds()
    yield
    simulator.hold_refunds(hold=False)


@pytest.fixture
def order(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, cup: Product
) -> Order:
    """An order of three teas and two cups, paid at WeChat."""
    order_no = placed(wechat_api, line(tea, 3), line(cup, 2))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/pay")
    simulator.pay(Payment.objects.get().out_trade_no)
    return Order.objects.get()


def shown(api: APIClient, order: Order) -> Any:
    return api.get(f"/api/orders/{order.order_no}").json()["data"]


def held(*products: Product) -> list[tuple[int, int]]:
    """Return stock and sales of each."""
    for product in products:
        product.refresh_from_db()
    return [(stock_of(product), product.sales) for product in products]


def put_back() -> list[tuple[int, str]]:
    moves = StockMovement.objects.filter(reason=MovementReason.REFUND).order_by("sku")
    return list(moves.values_list("delta", "reference"))


def numbers_at(simulator: SimulatorProcess) -> list[str]:
    """Return what WeChat has taken for our only payment."""
    number = Payment.objects.get().out_trade_no
    refunds = simulator.state()["refunds"]
    return [one["outRefundNo"] for one in refunds if one["outTradeNo"] == number]


def approve(refund: Refund, staff: User, *, is_restocked: bool = False) -> None:
    call = {"operator_id": staff.pk, "is_restocked": is_restocked}
    refund_approve(refund_id=refund.pk, **call)


def test_requested_approved_sent_succeeded(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    order: Order,
    staff: User,
    tea: Product,
    cup: Product,
) -> None:
    assert held(tea, cup) == [(7, 3), (3, 2)]
    refund = asked(wechat_api, order, reason="买多了", items=pieces(order, 2, 0))
    assert shown(wechat_api, order)["refundedAmount"] == "0.00"
    approve(refund, staff)
    assert numbers_at(simulator) == []
    assert held(tea, cup) == [(7, 3), (3, 2)]

    refund_send(refund_id=refund.pk)
    assert simulator.refund(refund.out_refund_no) == {
        **simulator.refund(refund.out_refund_no),
        "outTradeNo": Payment.objects.get().out_trade_no,
        "status": "PROCESSING",
        "refund": 19800,
        "total": 34800,
        "reason": "买多了",
    }
    # WeChat has taken it: the pieces are there again, the money is on its way.
    assert held(tea, cup) == [(9, 1), (3, 2)]
    assert put_back() == [(2, refund.refund_no)]
    url = f"/api/refunds/{refund.refund_no}"
    assert wechat_api.get(url).json()["data"]["status"] == "processing"
    assert shown(wechat_api, order)["refundedAmount"] == "198.00"

    assert simulator.refund_decide(refund.out_refund_no, "SUCCESS") == 204
    data = wechat_api.get(url).json()["data"]
    assert data["status"] == "succeeded"
    assert [step["status"] for step in data["timeline"]] == [
        *("requested", "approved", "processing", "succeeded")
    ]
    # Told and asked again, nothing more happens.
    assert simulator.notify_refund(refund.out_refund_no) == 204
    refund_send(refund_id=refund.pk)
    refunds_follow()
    assert numbers_at(simulator) == [refund.out_refund_no]
    assert held(tea, cup) == [(9, 1), (3, 2)]

    data = shown(wechat_api, order)
    assert (data["status"], data["refundedAmount"]) == ("paid", "198.00")
    assert [item["refundQuantity"] for item in data["items"]] == [2, 0]
    assert data["actions"] == ["cancel", "refund"]
    ship(order)
    (parcel,) = shown(wechat_api, order)["shipments"]
    assert [item["quantity"] for item in parcel["items"]] == [1, 2]
    assert shown(wechat_api, order)["status"] == "shipped"


def test_the_rest_ships_while_unshipped_pieces_are_asked_for(
    wechat_api: APIClient, order: Order, staff: User, tea: Product, cup: Product
) -> None:
    refund = asked(wechat_api, order, items=pieces(order, 1, 2))
    ship(order)
    (parcel,) = shown(wechat_api, order)["shipments"]
    tea_line, _ = order.items.order_by("pk")
    assert parcel["items"] == [{"itemId": tea_line.pk, "quantity": 2}]
    # What is asked for may still have to leave.
    assert shown(wechat_api, order)["status"] == "paid"
    approve(refund, staff)
    refund_send(refund_id=refund.pk)
    data = shown(wechat_api, order)
    assert (data["status"], data["refundedAmount"]) == ("shipped", "150.00")
    assert held(tea, cup) == [(8, 2), (5, 0)]


def test_pieces_of_a_refused_request_ship_after_all(
    wechat_api: APIClient, order: Order, staff: User, tea: Product, cup: Product
) -> None:
    refund = asked(wechat_api, order, items=pieces(order, 1, 2))
    ship(order)
    refund_reject(refund_id=refund.pk, operator_id=staff.pk, answer="已备货")
    assert shown(wechat_api, order)["status"] == "paid"
    ship(order)
    data = shown(wechat_api, order)
    assert data["status"] == "shipped"
    parcels = [sum(i["quantity"] for i in p["items"]) for p in data["shipments"]]
    assert sorted(parcels) == [2, 3]
    assert held(tea, cup) == [(7, 3), (3, 2)]


@pytest.mark.parametrize("is_restocked", [True, False])
def test_pieces_that_had_left_are_back_when_staff_say_so(
    wechat_api: APIClient,
    order: Order,
    staff: User,
    tea: Product,
    cup: Product,
    is_restocked: bool,
) -> None:
    tea_line, _ = order.items.order_by("pk")
    ship(order, {tea_line.pk: 2})
    # One tea and the cups had not left.
    refund = asked(wechat_api, order)
    assert str(refund.amount) == "348.00"
    approve(refund, staff, is_restocked=is_restocked)
    refund_send(refund_id=refund.pk)
    assert held(tea, cup) == [(10 if is_restocked else 8, 0), (5, 0)]
    data = shown(wechat_api, order)
    assert (data["status"], data["refundedAmount"]) == ("shipped", "348.00")
    assert data["actions"] == ["confirm"]


def test_cancelling_a_paid_order_gives_all_back(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    order: Order,
    tea: Product,
    cup: Product,
) -> None:
    url = f"/api/orders/{order.order_no}"
    waiting = asked(wechat_api, order, items=pieces(order, 1, 0))
    answer = wechat_api.post(f"{url}/cancel", {"reason": "不想要了"}, format="json")
    assert (answer.status_code, answer.json()["message"]) == (200, "退款处理中")
    data = answer.json()["data"]
    assert (data["status"], data["closing"], data["actions"]) == ("paid", True, [])
    again = wechat_api.post(f"{url}/cancel")
    assert (again.status_code, again.json()["message"]) == (409, "订单无法取消")
    assert again.json()["data"] == {"error": "illegal_transition", "status": "paid"}
    assert wechat_api.get("/api/orders/counts").json()["data"]["refunding"] == 1

    refund, withdrawn = wechat_api.get(f"{url}/refunds").json()["data"]["list"]
    assert withdrawn["refundNo"] == waiting.refund_no
    assert withdrawn["status"] == "withdrawn"
    assert (refund["kind"], refund["status"]) == ("cancel", "approved")
    assert (refund["amount"], refund["reason"]) == ("348.00", "不想要了")
    assert refund["timeline"][0]["text"] == "退款已发起"
    assert held(tea, cup) == [(7, 3), (3, 2)]

    sent = Refund.objects.get(refund_no=refund["refundNo"])
    refund_send(refund_id=sent.pk)
    data = shown(wechat_api, order)
    assert (data["status"], data["closing"], data["actions"]) == (
        *("cancelled", False, ["delete"]),
    )
    assert (data["refundedAmount"], data["totalAmount"]) == ("348.00", "348.00")
    assert held(tea, cup) == [(10, 0), (5, 0)]
    assert simulator.refund_decide(sent.out_refund_no, "SUCCESS") == 204
    assert wechat_api.get("/api/orders/counts").json()["data"] == {
        **dict.fromkeys(("pending", "paid", "shipped", "completed", "refunding"), 0),
        "cancelled": 1,
    }
    assert held(tea, cup) == [(10, 0), (5, 0)]


def test_a_cancel_goes_only_as_far_as_what_has_left(
    wechat_api: APIClient, order: Order, staff: User, tea: Product
) -> None:
    tea_line, _ = order.items.order_by("pk")
    ship(order, {tea_line.pk: 1})
    answer = wechat_api.post(f"/api/orders/{order.order_no}/cancel")
    assert answer.status_code == 409
    assert answer.json()["message"] == "部分商品已发货,请申请退款"
    assert not Refund.objects.exists()
    assert shown(wechat_api, order)["actions"] == ["refund"]


def test_a_cancel_gives_what_no_earlier_refund_gave(
    wechat_api: APIClient, order: Order, staff: User, tea: Product, cup: Product
) -> None:
    call = {"operator_id": staff.pk, "reason": "缺货"}
    tea_line, _ = order.items.order_by("pk")
    given = refund_by_staff(order_id=order.pk, quantities={tea_line.pk: 1}, **call)
    refund_send(refund_id=given.pk)
    wechat_api.post(f"/api/orders/{order.order_no}/cancel")
    rest = Refund.objects.get(kind="cancel")
    assert (str(given.amount), str(rest.amount)) == ("99.00", "249.00")
    refund_send(refund_id=rest.pk)
    assert shown(wechat_api, order)["refundedAmount"] == "348.00"
    assert held(tea, cup) == [(10, 0), (5, 0)]


def test_refunds_beyond_the_balance_hold_up_no_other(
    simulator: SimulatorProcess, order: Order, staff: User
) -> None:
    tea_line, cup_line = order.items.order_by("pk")
    for item in (tea_line, tea_line, tea_line, cup_line):
        call = {"operator_id": staff.pk, "quantities": {item.pk: 1}}
        refund_by_staff(order_id=order.pk, reason="缺货", **call)
    simulator.refuse_refunds("NOT_ENOUGH", times=3)
    follow = refunds_follow(now=timezone.now() + timedelta(minutes=11))
    states = Refund.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["approved", "approved", "approved", "processing"]
    assert (follow.ended, follow.waiting) == (0, 4)


def test_refused_under_a_number_that_wechat_knows_is_believed_no_further(
    simulator: SimulatorProcess, order: Order, staff: User
) -> None:
    """WeChat refuses what it has taken already: it is asked what it took."""
    refund = refund_by_staff(order_id=order.pk, operator_id=staff.pk, reason="缺货")
    pay.refund(
        out_refund_no=refund.out_refund_no,
        transaction_id=refund.payment.transaction_id or "",
        reason="缺货",
        amount=Decimal("1.00"),
        total=refund.payment.amount,
    )
    refund_send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert (refund.state, refund.wechat_error) == ("failed", "MISMATCH")


def test_late_refusal_of_an_old_number_does_not_end_the_new_one(
    order: Order, staff: User
) -> None:
    refund = refund_by_staff(order_id=order.pk, operator_id=staff.pk, reason="缺货")
    as_sent = Refund.objects.get()
    refund_settle(facts=refund_facts(refund, "CLOSED"))
    refund_retry(refund_id=refund.pk, operator_id=staff.pk)
    refund_refuse(refund=as_sent, wechat_code="INVALID_REQUEST")
    refund.refresh_from_db()
    assert (refund.state, refund.wechat_error) == ("approved", "")
