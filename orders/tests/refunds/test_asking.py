"""The shopper asks for a refund: what is asked for, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment, Refund, RefundEvent
from orders.tests.conftest import line, paid_order, placed
from orders.tests.refunding import approved, ask, asked, completed_order, pieces
from shop.api.tests.pictures import uploaded

from .showing import shown

pytestmark = pytest.mark.usefixtures("audited")
NOTHING_RETURNED = {
    "returnAddress": "",
    "returnBefore": None,
    "returnCarrier": "",
    "returnTrackingNo": "",
    "returnedAt": None,
}


def nothing_asked() -> bool:
    return (
        not Refund.objects.exists()
        and not RefundEvent.objects.exists()
        and Payment.objects.get().refund_amount == 0
        and set(Order.objects.get().items.values_list("refund_quantity", flat=True))
        == {0}
    )


def test_a_request_answers_with_its_whole_shape(
    shopper_api: APIClient, order: Order, tea: Product
) -> None:
    url = uploaded(shopper_api)
    response = ask(
        shopper_api,
        order,
        reason="<b>有破损</b> ",
        items=pieces(order, 2, 0),
        images=[url],
        amount="0.01",
        status="succeeded",
    )
    assert (response.status_code, response.json()["message"]) == (201, "退款申请已提交")
    refund, data = Refund.objects.get(), response.json()["data"]
    assert shown(shopper_api, refund) == data
    assert refund.refund_no.startswith("R")
    for moment in (data.pop("createdAt"), data["timeline"][0].pop("at")):
        assert moment.endswith("+08:00")
    assert data == {
        "refundNo": refund.refund_no,
        "orderNo": order.order_no,
        "kind": "after_sale",
        "type": "money",
        "status": "requested",
        "actions": ["withdraw"],
        "amount": "198.00",
        "requestedAmount": "198.00",
        "items": [
            {
                "itemId": order.items.get(product=tea).pk,
                "name": "龙井茶",
                "specs": {},
                "image": "",
                "quantity": 2,
                "amount": "198.00",
            }
        ],
        "reason": "有破损",
        "images": [url],
        "answer": "",
        "timeline": [
            {"status": "requested", "text": "退款申请已提交", "note": "有破损"}
        ],
        **NOTHING_RETURNED,
        "acceptedAt": None,
        "succeededAt": None,
    }


def test_the_whole_order_when_no_items_are_named(
    shopper_api: APIClient, order: Order
) -> None:
    for fields in ({}, {"items": None, "images": None}):
        refund = asked(shopper_api, order, **fields)
        assert str(refund.amount) == "348.00"
        assert list(refund.items.values_list("quantity", flat=True)) == [3, 2]
        shopper_api.post(f"/api/refunds/{refund.refund_no}/withdraw")


def test_duplicate_lines_are_merged(shopper_api: APIClient, order: Order) -> None:
    (one,) = pieces(order, 1, 0)
    refund = asked(shopper_api, order, items=[one, one])
    assert refund.items.get().quantity == 2


@pytest.mark.parametrize(
    ("fields", "name", "message"),
    [
        ({"reason": ""}, "reason", "退款原因不能为空"),
        ({"reason": None}, "reason", "退款原因不能为空"),
        ({"reason": "<i></i>"}, "reason", "退款原因不能为空"),
        ({"reason": "很" * 201}, "reason", "退款原因长度不能超过200"),
        ({"items": []}, "items", "商品不能为空"),
        ({"items": {}}, "items", "商品格式不正确"),
        ({"items": [{"itemId": 1, "quantity": 1}] * 51}, "items", "商品不能超过50项"),
        ({"items": [None]}, "items.0", "商品不能为空"),
        ({"items": [{"quantity": 1}]}, "items.0.itemId", "商品不能为空"),
        ({"items": [{"itemId": 1}]}, "items.0.quantity", "数量不能为空"),
        (
            {"items": [{"itemId": 1, "quantity": 0}]},
            *("items.0.quantity", "数量不能小于1"),
        ),
        (
            {"items": [{"itemId": 1, "quantity": 1000}]},
            *("items.0.quantity", "数量不能大于999"),
        ),
        (
            {"items": [{"itemId": 1, "quantity": True}]},
            *("items.0.quantity", "数量必须是数字"),
        ),
        (
            {"items": [{"itemId": 10**30, "quantity": 1}]},
            *("items.0.itemId", f"商品不能大于{2**63 - 1}"),
        ),
        (
            {"items": [{"itemId": 2**63 - 1, "quantity": 1}]},
            *("items", "请选择要退款的商品和数量"),
        ),
        ({"images": "x"}, "images", "图片格式不正确"),
        (
            {"images": ["https://evil.example/a.jpg"]},
            *("images.0", "图片地址无效,请先上传图片"),
        ),
        ({"images": ["x"] * 10}, "images", "图片不能超过9项"),
    ],
)
def test_bad_requests_are_told_in_chinese_and_write_nothing(
    shopper_api: APIClient,
    order: Order,
    fields: dict[str, Any],
    name: str,
    message: str,
) -> None:
    response = ask(shopper_api, order, **fields)
    assert response.status_code == 400
    data = response.json()["data"]
    assert (data["error"], data["fields"][name]) == ("invalid", [message])
    assert nothing_asked()


def test_a_line_of_another_order_is_refused(
    shopper_api: APIClient, order: Order, tea: Product
) -> None:
    other = paid_order(shopper_api, line(tea))
    response = ask(shopper_api, order, items=pieces(other, 1))
    assert response.status_code == 400
    assert response.json()["message"] == "请选择要退款的商品和数量"
    assert not Refund.objects.exists()


def test_pictures_are_the_shoppers_own(
    shopper_api: APIClient, other_api: APIClient, order: Order
) -> None:
    url = uploaded(other_api)
    response = ask(shopper_api, order, images=[url])
    assert response.status_code == 400
    assert response.json()["data"]["fields"] == {
        "images": ["图片地址无效,请先上传图片"]
    }
    assert nothing_asked()


def test_more_pieces_than_are_left_are_refused(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    approved(asked(shopper_api, order, items=pieces(order, 1, 1)), staff.pk)
    response = ask(shopper_api, order, items=pieces(order, 3, 2))
    assert response.status_code == 409
    assert response.json()["message"] == "商品龙井茶只剩2件可退款"
    tea_line, cup_line = order.items.order_by("pk")
    assert response.json()["data"] == {
        "error": "pieces_exceeded",
        "items": [
            {"itemId": tea_line.pk, "name": "龙井茶", "requested": 3, "left": 2},
            {"itemId": cup_line.pk, "name": "茶杯", "requested": 2, "left": 1},
        ],
    }
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("stage", ["pending", "closing", "cancelled", "late"])
def test_an_order_that_gives_nothing_back_refuses(
    shopper_api: APIClient, tea: Product, settings: Any, stage: str
) -> None:
    order = Order.objects.get(order_no=placed(shopper_api, line(tea))["orderNo"])
    message = "订单不能退款"
    if stage == "cancelled":
        shopper_api.post(f"/api/orders/{order.order_no}/cancel")
    if stage == "closing":
        order = paid_order(shopper_api, line(tea))
        shopper_api.post(f"/api/orders/{order.order_no}/cancel")
    if stage == "late":
        order = completed_order(shopper_api, line(tea))
        days = timedelta(days=settings.ORDER_REFUND_DAYS, seconds=1)
        Order.objects.filter(pk=order.pk).update(completed_at=timezone.now() - days)
        message = "已超过售后期限,请联系客服"
    before = list(Refund.objects.values())
    response = ask(shopper_api, order)
    order.refresh_from_db()
    assert (response.status_code, response.json()["message"]) == (409, message)
    assert response.json()["data"] == {
        "error": "illegal_transition",
        "status": order.status,
    }
    assert list(Refund.objects.values()) == before
    shown = shopper_api.get(f"/api/orders/{order.order_no}").json()["data"]
    assert "refund" not in shown["actions"]


@pytest.mark.parametrize("way", ["request", "cancel"])
def test_a_payment_of_more_than_a_year_ago_is_not_given_back(
    shopper_api: APIClient, tea: Product, way: str
) -> None:
    """WeChat would refuse it, after staff had promised it."""
    order = paid_order(shopper_api, line(tea))
    age = timedelta(days=365, seconds=1)
    Payment.objects.update(paid_at=timezone.now() - age)
    url = f"/api/orders/{order.order_no}/cancel"
    response = ask(shopper_api, order) if way == "request" else shopper_api.post(url)
    assert (response.status_code, response.json()["message"]) == (
        409,
        "付款已超过一年,微信不再支持退款",
    )
    assert nothing_asked()
    order.refresh_from_db()
    assert (order.status, order.is_closing) == ("paid", False)
    Payment.objects.update(paid_at=timezone.now() - age + timedelta(minutes=1))
    asked(shopper_api, order)
