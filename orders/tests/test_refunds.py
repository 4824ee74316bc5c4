"""The shopper's refunds over HTTP: asked for, listed, shown, withdrawn."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.errors import PiecesExceeded
from orders.models import Order, Payment, Refund, RefundEvent
from orders.services.refunds import (
    refund_approve,
    refund_by_staff,
    refund_reject,
    refund_request,
)
from orders.tests.conftest import line, paid_order, placed
from orders.tests.refunding import (
    approved,
    ask,
    asked,
    completed_order,
    pieces,
    settled,
)
from shop.api.tests.pictures import upload_of

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """A paid order of three teas and two cups."""
    return paid_order(shopper_api, line(tea, 3), line(cup, 2))


def shown(api: APIClient, refund: Refund) -> Any:
    return api.get(f"/api/refunds/{refund.refund_no}").json()["data"]


def numbers(response: Any) -> list[str]:
    assert response.status_code == 200
    return [refund["refundNo"] for refund in response.json()["data"]["list"]]


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
    url = shopper_api.post("/api/uploads", {"file": upload_of()}).json()["data"]["url"]
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
        "status": "requested",
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
    url = other_api.post("/api/uploads", {"file": upload_of()}).json()["data"]["url"]
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


def test_one_request_waits_at_a_time(shopper_api: APIClient, order: Order) -> None:
    asked(shopper_api, order, items=pieces(order, 1, 0))
    shown = shopper_api.get(f"/api/orders/{order.order_no}").json()["data"]
    assert shown["actions"] == ["cancel"]
    response = ask(shopper_api, order, items=pieces(order, 1, 0))
    assert response.status_code == 409
    assert response.json() == {
        "code": 409,
        "message": "该订单已有退款申请正在处理",
        "data": {"error": "refund_pending"},
    }
    # The last guard, should somebody forget the lock.
    other = Refund.objects.get()
    other.pk, other.refund_no, other.out_refund_no = None, "R1", "R1T01"
    refused = pytest.raises(IntegrityError, match="refund_one_requested")
    with refused, transaction.atomic():
        other.save()
    assert Refund.objects.count() == 1


def test_twenty_requests_at_once_are_one(
    transactional_db: None,
    patient_database: None,
    settings: Any,
    shopper: User,
    shopper_api: APIClient,
    order: Order,
) -> None:
    settings.RATELIMIT_ENABLE = False
    send = alone(lambda: ask(shopper_api, order, items=pieces(order, 1, 1)).status_code)
    with ThreadPoolExecutor(20) as pool:
        with transaction.atomic():
            list(Order.objects.select_for_update())
            sent = [pool.submit(send) for _ in range(20)]
            wait_until(lambda: lock_waiters() == 20)
        answers = sorted(future.result() for future in sent)
    assert answers == [201] + [409] * 19
    assert str(Refund.objects.get().amount) == "124.50"
    assert str(Payment.objects.get().refund_amount) == "124.50"


def test_twenty_givers_at_once_give_what_was_paid(
    transactional_db: None,
    patient_database: None,
    shopper: User,
    shopper_api: APIClient,
    staff: User,
    tea: Product,
) -> None:
    """Ten pieces, nineteen clerks who give one each, and a shopper who asks for one."""
    order = completed_order(shopper_api, line(tea, 10))
    call = {"reason": "补偿", "quantities": {order.items.get().pk: 1}}
    own = {"order_no": order.order_no, "user_id": shopper.pk}

    def give(number: int) -> bool:
        try:
            if number:
                refund_by_staff(order_id=order.pk, operator_id=staff.pk, **call)
            else:
                refund_request(**own, **call)
        except PiecesExceeded:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        with transaction.atomic():
            list(Order.objects.select_for_update())
            given = [pool.submit(alone(give), number) for number in range(20)]
            wait_until(lambda: lock_waiters() == 20)
        assert sum(future.result() for future in given) == 10
    payment = Payment.objects.get()
    assert payment.refund_amount == payment.amount
    assert sum(Refund.objects.values_list("amount", flat=True)) == payment.amount


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


def test_the_timeline_tells_all_and_names_nobody(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    refund = asked(shopper_api, order)
    call = {"operator_id": staff.pk, "is_restocked": False}
    refund_approve(refund_id=refund.pk, answer="同意退款", **call)
    for said in ("PROCESSING", "ABNORMAL", "SUCCESS"):
        settled(refund, said)
    data = shown(shopper_api, refund)
    assert (data["status"], data["answer"]) == ("succeeded", "同意退款")
    assert data["succeededAt"] == "2026-11-25T12:00:00+08:00"
    assert data["acceptedAt"].endswith("+08:00")
    steps = [(step["status"], step["text"], step["note"]) for step in data["timeline"]]
    assert steps == [
        ("requested", "退款申请已提交", "不想要了"),
        ("approved", "商家已同意退款", "同意退款"),
        ("processing", "微信支付正在退款", ""),
        ("failed", "退款遇到问题,商家正在处理", ""),
        ("succeeded", "退款已到账", ""),
    ]
    assert staff.username not in str(data)
    assert "微信:" not in str(data)


def test_lists_are_pages_newest_first_narrowed_by_state(
    shopper_api: APIClient, order: Order, tea: Product
) -> None:
    first = asked(shopper_api, order, items=pieces(order, 1, 0)).refund_no
    shopper_api.post(f"/api/refunds/{first}/withdraw")
    second = asked(shopper_api, order, items=pieces(order, 1, 0)).refund_no
    other = asked(shopper_api, paid_order(shopper_api, line(tea))).refund_no

    assert numbers(shopper_api.get("/api/refunds")) == [other, second, first]
    waiting = shopper_api.get("/api/refunds?status=requested")
    assert numbers(waiting) == [other, second]
    assert numbers(shopper_api.get("/api/refunds?status=")) == [other, second, first]
    page = shopper_api.get("/api/refunds?page=2&size=2").json()["data"]
    assert [refund["refundNo"] for refund in page["list"]] == [first]
    assert page["pagination"] == {"total": 3, "page": 2, "size": 2, "totalPages": 2}
    bad = shopper_api.get("/api/refunds?status=lost")
    assert bad.json()["data"]["fields"] == {"status": ["状态格式不正确"]}

    url = f"/api/orders/{order.order_no}/refunds"
    assert numbers(shopper_api.get(url)) == [second, first]
    assert numbers(shopper_api.get(f"{url}?size=1&page=2")) == [first]
    assert shopper_api.get(f"{url}?size=0").status_code == 400


def test_refunds_of_a_hidden_order_stay_in_sight(
    shopper_api: APIClient, tea: Product
) -> None:
    order = completed_order(shopper_api, line(tea))
    refund = asked(shopper_api, order)
    url = f"/api/orders/{order.order_no}"
    assert shopper_api.delete(url).status_code == 200
    assert shopper_api.get(f"{url}/refunds").status_code == 404
    assert ask(shopper_api, order).status_code == 404
    assert numbers(shopper_api.get("/api/refunds")) == [refund.refund_no]
    withdrawn = shopper_api.post(f"/api/refunds/{refund.refund_no}/withdraw")
    assert withdrawn.json()["data"]["status"] == "withdrawn"


def test_reads_ask_the_same_few_statements_whatever_the_rows(
    shopper_api: APIClient, order: Order, tea: Product, cup: Product
) -> None:
    def statements(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert shopper_api.get(url).status_code == 200
        return len(queries)

    refund = asked(shopper_api, order, items=pieces(order, 1, 0))
    url = f"/api/orders/{order.order_no}/refunds"
    # User and session, [order,] total, refunds, lines, events.
    reads = {"/api/refunds": 5, url: 6, f"/api/refunds/{refund.refund_no}": 4}
    assert {url: statements(url) for url in reads} == reads
    for _ in range(5):
        shopper_api.post(f"/api/refunds/{refund.refund_no}/withdraw")
        refund = asked(shopper_api, order, items=pieces(order, 1, 2))
    assert {url: statements(url) for url in reads} == reads


def test_a_request_takes_the_same_statements_whatever_the_lines(
    shopper_api: APIClient, product_make: Any
) -> None:
    def statements(lines: int) -> list[int]:
        wishes = [line(product_make(f"茶{n}")) for n in range(lines)]
        order = paid_order(shopper_api, *wishes)
        counts = []
        with CaptureQueriesContext(connection) as queries:
            refund = asked(shopper_api, order)
        counts.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            shopper_api.post(f"/api/refunds/{refund.refund_no}/withdraw")
        return [*counts, len(queries)]

    few = statements(1)
    assert statements(30) == few
    assert max(few) <= 25
