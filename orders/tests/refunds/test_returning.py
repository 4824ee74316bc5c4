"""Goods go back before their money does: asked, agreed, sent, received or refused."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.errors import IllegalTransition
from orders.models import Order, Payment, Refund, RefundEvent, SubscribeMessage
from orders.services.refunds import (
    refund_approve,
    refund_confirm,
    refund_reject,
)
from orders.tests.conftest import stock_of
from orders.tests.refunding import ask, asked, pieces, settled, ship

from .returning import SHOP, agree, send
from .showing import shown

pytestmark = pytest.mark.usefixtures("audited")


def books() -> list[Any]:
    models = (Refund, RefundEvent, Payment, Order)
    rows = (model._default_manager.order_by("pk") for model in models)
    return [list(each.values()) for each in rows]


def test_goods_come_back_then_the_money_goes(
    shopper_api: APIClient, sent_order: Order, staff: User, tea: Product
) -> None:
    refund = asked(
        shopper_api, sent_order, type="return", items=pieces(sent_order, 2, 0)
    )
    data = shown(shopper_api, refund)
    assert (data["type"], data["status"], data["actions"]) == (
        *("return", "requested"),
        ["withdraw"],
    )
    assert (data["returnAddress"], data["returnBefore"]) == ("", None)

    before = timezone.now()
    agree(refund, staff, "请附上发货单")
    data = shown(shopper_api, refund)
    assert (data["status"], data["actions"]) == ("to_return", ["return", "withdraw"])
    assert (data["returnAddress"], data["answer"]) == (SHOP, "请附上发货单")
    refund.refresh_from_db()
    assert before < refund.return_before - timedelta(days=7) < timezone.now()  # type: ignore[operator]

    response = send(shopper_api, refund)
    assert (response.status_code, response.json()["message"]) == (200, "退货单号已提交")
    data = response.json()["data"]
    assert (data["status"], data["actions"]) == ("returning", ["return"])
    assert (data["returnCarrier"], data["returnTrackingNo"]) == ("ZTO", "ZT12345678")

    stock = stock_of(tea)
    refund_approve(
        refund_id=refund.pk, operator_id=staff.pk, is_restocked=True, answer="已收到"
    )
    settled(refund)
    data = shown(shopper_api, refund)
    assert (data["status"], data["amount"], data["actions"]) == (
        *("succeeded", "198.00"),
        [],
    )
    steps = [(step["status"], step["text"], step["note"]) for step in data["timeline"]]
    assert steps == [
        ("requested", "退款申请已提交", "不想要了"),
        ("to_return", "商家已同意退货,请寄回商品", "请附上发货单"),
        ("returning", "商品已寄回,等待商家收货", "中通快递 ZT12345678"),
        ("approved", "商家已收到退货,同意退款", "已收到"),
        ("succeeded", "退款已到账", ""),
    ]
    assert staff.username not in str(data)
    assert stock_of(tea) == stock + 2


def test_only_what_has_left_comes_back(shopper_api: APIClient, order: Order) -> None:
    tea = order.items.earliest("pk")
    ship(order, {tea.pk: 2})
    before = books()
    for items in (pieces(order, 3, 0), pieces(order, 0, 1), None):
        refused = ask(shopper_api, order, type="return", items=items)
        assert refused.status_code == 400
        assert refused.json()["data"]["fields"] == {
            "type": ["有商品还没有发货,请选择仅退款"]
        }
    assert books() == before
    for count in (1, 2):
        back = asked(shopper_api, order, type="return", items=pieces(order, count, 0))
        part = back.items.get()
        assert (part.quantity, part.unshipped_quantity) == (count, 0)
        shopper_api.post(f"/api/refunds/{back.refund_no}/withdraw")
    before = books()
    odd = ask(shopper_api, order, type="exchange")
    assert odd.json()["data"]["fields"] == {"type": ["退款类型格式不正确"]}
    assert books() == before
    assert asked(shopper_api, order, type=None).is_return is False


def test_one_parcel_is_told_once_and_corrected_while_it_is_under_way(
    shopper_api: APIClient, agreed: Refund, staff: User
) -> None:
    assert send(shopper_api, agreed).status_code == 200
    before = books()
    assert send(shopper_api, agreed).status_code == 200
    assert books() == before
    corrected = send(shopper_api, agreed, trackingNo="ZT-2").json()["data"]
    assert corrected["returnTrackingNo"] == "ZT-2"
    assert [step["status"] for step in corrected["timeline"]] == [
        *("requested", "to_return", "returning")
    ]
    event = RefundEvent.objects.latest("pk")
    assert (event.deed, event.reason) == ("corrected", "中通快递 ZT-2")

    before = books()
    withdrawn = shopper_api.post(f"/api/refunds/{agreed.refund_no}/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["data"]) == (
        409,
        {"error": "illegal_transition", "status": "returning"},
    )
    with pytest.raises(IllegalTransition):
        agree(agreed, staff)
    assert books() == before


@pytest.mark.parametrize(
    ("parcel", "fields"),
    [
        ({"carrier": "UPS"}, {"carrier": ["快递公司格式不正确"]}),
        (
            {"trackingNo": "一二三四"},
            {"trackingNo": ["快递单号只能是4到64位字母、数字和横线"]},
        ),
        ({"trackingNo": ""}, {"trackingNo": ["快递单号不能为空"]}),
    ],
)
def test_a_parcel_that_cannot_be_is_refused(
    shopper_api: APIClient, agreed: Refund, parcel: Any, fields: Any
) -> None:
    before = books()
    refused = send(shopper_api, agreed, **parcel)
    assert (refused.status_code, refused.json()["data"]["fields"]) == (400, fields)
    assert books() == before


def test_strangers_and_other_states_send_nothing(
    shopper_api: APIClient, other_api: APIClient, sent_order: Order, staff: User
) -> None:
    refund = asked(shopper_api, sent_order)
    before = books()
    assert send(other_api, refund, carrier="?").status_code == 404
    assert send(shopper_api, refund).json()["data"] == {
        "error": "illegal_transition",
        "status": "requested",
    }
    with pytest.raises(IllegalTransition, match="仅退款"):
        agree(refund, staff)
    assert books() == before


def test_another_request_waits_until_the_return_has_ended(
    shopper_api: APIClient, agreed: Refund, staff: User
) -> None:
    order = agreed.order
    url = f"/api/orders/{order.order_no}"
    for state in ("to_return", "returning"):
        agreed.refresh_from_db()
        assert agreed.state == state
        pending = ask(shopper_api, order, items=pieces(order, 0, 1))
        assert pending.json()["data"]["error"] == "refund_pending"
        assert shopper_api.get(url).json()["data"]["actions"] == ["confirm"]
        counts = shopper_api.get("/api/orders/counts").json()["data"]
        assert counts["refunding"] == 1
        send(shopper_api, agreed)
    refund_reject(
        refund_id=agreed.pk, operator_id=staff.pk, answer="商品有使用痕迹,已寄回"
    )
    data = shown(shopper_api, agreed)
    assert (data["status"], data["answer"]) == ("rejected", "商品有使用痕迹,已寄回")
    assert Payment.objects.get(order=order).refund_amount == 0
    assert shopper_api.get(url).json()["data"]["actions"] == ["confirm", "refund"]


def test_two_people_grant_a_return_and_the_parcel_may_come_in_between(
    shopper_api: APIClient, agreed: Refund, staff: User, settings: Any
) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = Decimal(100)
    second = User.objects.create_superuser("second", password="a-long-password-8")
    waiting = refund_approve(
        refund_id=agreed.pk, operator_id=staff.pk, is_restocked=False
    )
    assert (waiting.state, waiting.is_agreed) == ("to_return", True)
    assert send(shopper_api, agreed).json()["data"]["status"] == "returning"
    assert waiting.agreed_at
    granted = refund_confirm(
        refund_id=agreed.pk, operator_id=second.pk, agreed_at=waiting.agreed_at
    )
    assert (granted.state, granted.amount) == ("approved", Decimal("198.00"))


def test_the_shopper_is_told_of_the_answer(
    shopper_api: APIClient, agreed: Refund, staff: User, settings: Any
) -> None:
    assert SubscribeMessage.objects.count() == 0
    settings.WECHAT_TEMPLATES = {"agreed": object(), "rejected": object()}
    User.objects.filter(pk=agreed.order.user_id).update(openid="openid-shopper")
    shopper_api.post(f"/api/refunds/{agreed.refund_no}/withdraw")
    second = asked(shopper_api, agreed.order, type="return")
    agree(second, staff)
    refund_reject(refund_id=second.pk, operator_id=staff.pk, answer="请联系客服")
    told = SubscribeMessage.objects.order_by("pk").values_list("kind", "refund")
    assert list(told) == [("agreed", second.pk), ("rejected", second.pk)]


def test_sending_back_takes_the_same_statements_whatever_the_lines(
    shopper_api: APIClient, agreed: Refund
) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert send(shopper_api, agreed).status_code == 200
    # Two for who asks, one for whose it is; the answer's three; between them the
    # transaction's own two, the refund, the shopper, the locks, two writes.
    assert len(queries) == 14
