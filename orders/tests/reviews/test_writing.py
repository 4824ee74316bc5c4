"""A shopper reviews what was bought: once, in time, of the own line alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.errors import UserNotFound
from accounts.locks import user_lock_alone
from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.errors import ReviewNotFound, ReviewWritten
from orders.locks import order_lock
from orders.models import Order, OrderItem, Review, ReviewAppend, ReviewEvent
from orders.services.refunds import refund_by_staff
from orders.services.reviews import review_add_to, review_write
from orders.tests.conftest import line, paid_order
from orders.tests.refunding import completed_order, ship
from shop.api.tests.pictures import uploaded

from .reviewing import add_to, published, queued, review, reviewed

pytestmark = pytest.mark.usefixtures("audited")


def actions(api: APIClient, order: Order) -> list[str]:
    data = api.get(f"/api/orders/{order.order_no}").json()["data"]
    listed = api.get("/api/orders").json()["data"]["list"]
    assert data in listed
    return [*data["actions"]]


def nothing_written() -> bool:
    return (
        not Review.objects.exists()
        and not ReviewEvent.objects.exists()
        and not OrderItem.objects.filter(is_reviewed=True).exists()
        and queued() == []
    )


def test_a_review_answers_with_its_whole_shape(
    shopper_api: APIClient, shopper: User, order: Order, tea: Product
) -> None:
    url = uploaded(shopper_api)
    item = order.items.get(product=tea)
    response = review(
        shopper_api,
        order,
        content=" <b>茶很香</b>,a<b ",
        rating="4",
        images=[url],
        anonymous=True,
        status="public",
        answer="好评返现",
    )
    data = response.json()["data"]
    assert response.status_code == 201
    assert response.json()["message"] == "评价已提交,审核后公开"
    written = Review.objects.get()
    assert data.pop("createdAt").endswith("+08:00")
    assert data == {
        "id": written.pk,
        "orderNo": order.order_no,
        "itemId": item.pk,
        "productId": tea.pk,
        "name": "龙井茶",
        "specs": {},
        "image": "",
        "rating": 4,
        "content": "茶很香,a<b",
        "images": [url],
        "status": "checking",
        "statusText": "审核中",
        "anonymous": True,
        "answer": "",
        "answeredAt": None,
        "append": None,
        "actions": [],
    }
    assert (written.nickname, written.state) == ("shopper", "checking")
    assert queued() == [{"review_id": written.pk, "is_append": False}]
    event = ReviewEvent.objects.get()
    assert (event.from_state, event.to_state) == ("", "checking")
    assert event.operator_id == shopper.pk


def test_the_order_offers_it_until_every_line_has_one(
    shopper_api: APIClient, order: Order
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            shopper_api.get("/api/orders")
        return len(captured)

    first, second = order.items.order_by("pk")
    before = statements()
    assert actions(shopper_api, order) == ["refund", "review", "delete"]
    reviewed(shopper_api, order)
    assert actions(shopper_api, order) == ["refund", "review", "delete"]
    reviewed(shopper_api, order, itemId=second.pk)
    assert actions(shopper_api, order) == ["refund", "delete"]
    # The lines know.
    assert statements() == before
    [shown] = shopper_api.get("/api/orders").json()["data"]["list"]
    assert [item["reviewed"] for item in shown["items"]] == [True, True]


def test_own_reviews_are_listed_in_few_statements(
    shopper_api: APIClient,
    other_api: APIClient,
    order: Order,
    tea: Product,
    django_assert_num_queries: Any,
) -> None:
    url = f"/api/orders/{order.order_no}/reviews"
    lines = order.items.order_by("pk")
    ids = [reviewed(shopper_api, order, itemId=item.pk).pk for item in lines]
    # User and session, the order, total, reviews with their lines and appends.
    with django_assert_num_queries(4):
        data = shopper_api.get(url).json()["data"]
    assert [one["id"] for one in data["list"]] == ids[::-1]
    assert data["pagination"]["total"] == 2
    assert other_api.get(url).status_code == 404
    # Those of all orders, without the order's own statement.
    later = completed_order(shopper_api, line(tea))
    ids.append(reviewed(shopper_api, later).pk)
    with django_assert_num_queries(3):
        data = shopper_api.get("/api/reviews").json()["data"]
    shown = [(one["id"], one["orderNo"]) for one in data["list"]]
    numbers = [order.order_no, order.order_no, later.order_no]
    assert shown == list(zip(ids, numbers, strict=True))[::-1]
    assert data["pagination"]["total"] == 3
    assert other_api.get("/api/reviews").json()["data"]["list"] == []


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"rating": 0}, {"rating": ["评分不能小于1"]}),
        ({"rating": 6}, {"rating": ["评分不能大于5"]}),
        ({"rating": True}, {"rating": ["评分必须是数字"]}),
        ({"rating": 4.5}, {"rating": ["评分必须是数字"]}),
        ({"rating": None}, {"rating": ["评分不能为空"]}),
        ({"content": " <i></i> "}, {"content": ["评价内容不能为空"]}),
        ({"content": "茶" * 501}, {"content": ["评价内容长度不能超过500"]}),
        ({"itemId": 10**18}, {"itemId": ["订单中没有该商品"]}),
        (
            {"images": ["https://evil.example/a.jpg"]},
            {"images.0": ["图片地址无效,请先上传图片"]},
        ),
        ({"images": ["x"] * 10}, {"images": ["图片不能超过9项"]}),
        ({"anonymous": "maybe"}, {"anonymous": ["匿名格式不正确"]}),
    ],
)
def test_bad_input_writes_nothing(
    shopper_api: APIClient,
    order: Order,
    fields: dict[str, Any],
    errors: dict[str, Any],
) -> None:
    response = review(shopper_api, order, **fields)
    assert response.status_code == 400
    assert response.json()["data"]["fields"] == errors
    assert nothing_written()


def test_pictures_are_the_shoppers_own(
    shopper_api: APIClient, other_api: APIClient, order: Order
) -> None:
    response = review(shopper_api, order, images=[uploaded(other_api)])
    assert response.status_code == 400
    assert response.json()["message"] == "图片地址无效,请先上传图片"
    assert nothing_written()


def test_a_stranger_finds_no_order_and_no_review(
    shopper_api: APIClient, other_api: APIClient, staff: User, order: Order
) -> None:
    assert review(other_api, order).status_code == 404
    assert nothing_written()
    written = published(shopper_api, order, staff)
    assert add_to(other_api, written).status_code == 404
    assert not ReviewAppend.objects.exists()


def test_a_line_has_one_review_however_often_it_is_sent(
    shopper_api: APIClient, order: Order
) -> None:
    reviewed(shopper_api, order)
    response = review(shopper_api, order, content="再说一次", rating=1)
    assert response.status_code == 409
    assert response.json()["data"] == {"error": "review_written"}
    assert response.json()["message"] == "该商品已评价,请勿重复提交"
    assert (Review.objects.get().content, len(queued())) == ("茶很香", 1)


def test_only_a_completed_order_in_time(
    shopper_api: APIClient, tea: Product, settings: Any
) -> None:
    order = paid_order(shopper_api, line(tea))
    for _ in range(2):
        response = review(shopper_api, order)
        assert response.status_code == 409
        assert response.json()["message"] == "订单完成后才能评价"
        assert "review" not in actions(shopper_api, order)
        if not order.shipments.exists():
            ship(order)
    shopper_api.post(f"/api/orders/{order.order_no}/confirm")
    late = timedelta(days=settings.ORDER_REVIEW_DAYS, seconds=1)
    Order.objects.update(completed_at=timezone.now() - late)
    response = review(shopper_api, order)
    assert response.status_code == 409
    assert response.json()["message"] == "已超过评价期限"
    assert response.json()["data"]["error"] == "illegal_transition"
    assert "review" not in actions(shopper_api, order)
    assert nothing_written()
    Order.objects.update(completed_at=timezone.now() - late + timedelta(minutes=1))
    reviewed(shopper_api, order)


def test_a_line_that_went_back_whole_has_none(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    first, second = order.items.order_by("pk")
    give = {"operator_id": staff.pk, "reason": "破损"}
    refund_by_staff(order_id=order.pk, quantities={first.pk: 1, second.pk: 1}, **give)
    response = review(shopper_api, order, itemId=second.pk)
    assert response.json()["message"] == "该商品已退款,不能评价"
    assert nothing_written()
    reviewed(shopper_api, order, itemId=first.pk)
    assert "review" not in actions(shopper_api, order)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue", "patient_database")
def test_of_two_at_once_one_is_written(
    shopper: User, shopper_api: APIClient, tea: Product
) -> None:
    order = completed_order(shopper_api, line(tea))
    wanted: dict[str, Any] = {
        "order_no": order.order_no,
        "user_id": shopper.pk,
        "item_id": order.items.get().pk,
        "rating": 5,
        "content": "好",
    }
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            order_lock(order.pk)
            twins = [pool.submit(alone(review_write), **wanted) for _ in range(2)]
            wait_until(lambda: lock_waiters() == 2)
        failed = [twin.exception() for twin in twins]
    assert sorted(type(error) for error in failed if error) == [ReviewWritten]
    assert Review.objects.count() == 1
    assert len(queued()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue")
def test_an_account_that_is_being_deleted_writes_none(
    shopper: User, shopper_api: APIClient, staff: User, order: Order
) -> None:
    written = published(shopper_api, order, staff)
    other = order.items.latest("pk")
    who, said = {"user_id": shopper.pk}, {"content": "好"}
    line_of = {"order_no": order.order_no, "item_id": other.pk, "rating": 5}
    with ThreadPoolExecutor(2) as pool, transaction.atomic():
        user_lock_alone(**who)
        sent = [
            pool.submit(alone(review_write), **who, **line_of, **said),
            pool.submit(alone(review_add_to), **who, review_id=written.pk, **said),
        ]
        # Neither waits for the deletion's end.
        failed = [type(one.exception()) for one in sent]
    assert failed == [UserNotFound, ReviewNotFound]
    assert list(Review.objects.all()) == [written]
    assert not ReviewAppend.objects.exists()
