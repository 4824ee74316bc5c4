"""A request is withdrawn while nobody has answered it."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Order, Payment, Refund, RefundEvent
from orders.services.refunds import refund_approve, refund_reject
from orders.tests.refunding import asked, pieces

pytestmark = pytest.mark.usefixtures("audited")


def test_a_request_is_withdrawn_once(shopper_api: APIClient, order: Order) -> None:
    refund = asked(shopper_api, order)
    url = f"/api/refunds/{refund.refund_no}/withdraw"
    response = shopper_api.post(url)
    assert (response.status_code, response.json()["message"]) == (200, "退款申请已撤回")
    data = response.json()["data"]
    assert data["status"] == "withdrawn"
    steps = [(step["status"], step["text"], step["note"]) for step in data["timeline"]]
    assert steps == [
        ("requested", "退款申请已提交", "不想要了"),
        ("withdrawn", "退款申请已撤回", "买家撤回"),
    ]
    assert Payment.objects.get().refund_amount == 0
    again = shopper_api.post(url)
    assert again.status_code == 409
    assert again.json()["data"] == {
        "error": "illegal_transition",
        "status": "withdrawn",
    }
    assert RefundEvent.objects.count() == 2
    asked(shopper_api, order)


@pytest.mark.parametrize("answer", [refund_approve, refund_reject])
def test_what_staff_have_answered_is_not_withdrawn(
    shopper_api: APIClient, order: Order, staff: User, answer: Any
) -> None:
    refund = asked(shopper_api, order, items=pieces(order, 1, 0))
    call: dict[str, Any] = {"operator_id": staff.pk, "answer": "请看说明"}
    if answer is refund_approve:
        call["is_restocked"] = False
    answer(refund_id=refund.pk, **call)
    response = shopper_api.post(f"/api/refunds/{refund.refund_no}/withdraw")
    assert response.status_code == 409
    state = "approved" if answer is refund_approve else "rejected"
    assert response.json()["data"]["status"] == state
    assert Refund.objects.get().state == state
