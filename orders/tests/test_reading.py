"""The shopper's own orders: list, counts, detail, and putting one out of sight."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Order
from orders.serializers import order_shown
from orders.tests.conftest import line, placed
from orders.tests.refunding import asked


def numbers(response: Any) -> list[str]:
    assert response.status_code == 200
    return [order["orderNo"] for order in response.json()["data"]["list"]]


def test_list_is_own_newest_first_and_paged(
    shopper_api: APIClient, other_api: APIClient, tea: Product
) -> None:
    own = [placed(shopper_api, line(tea))["orderNo"] for _ in range(3)]
    placed(other_api, line(tea))
    assert numbers(shopper_api.get("/api/orders")) == own[::-1]
    page = shopper_api.get("/api/orders?page=2&size=2").json()["data"]
    assert [order["orderNo"] for order in page["list"]] == own[:1]
    assert page["pagination"] == {"total": 3, "page": 2, "size": 2, "totalPages": 2}
    past = shopper_api.get("/api/orders?page=1000000000").json()["data"]
    assert (past["list"], past["pagination"]["total"]) == ([], 3)


def test_list_shows_what_detail_shows(shopper_api: APIClient, tea: Product) -> None:
    order = placed(shopper_api, line(tea, 2))
    assert shopper_api.get("/api/orders").json()["data"]["list"] == [order]


def test_list_narrows_by_state(shopper_api: APIClient, tea: Product) -> None:
    pending, paid = (placed(shopper_api, line(tea))["orderNo"] for _ in range(2))
    Order.objects.filter(order_no=paid).update(status="paid")
    assert numbers(shopper_api.get("/api/orders?status=paid")) == [paid]
    assert numbers(shopper_api.get("/api/orders?status=pending")) == [pending]
    assert numbers(shopper_api.get("/api/orders?status=shipped")) == []
    response = shopper_api.get("/api/orders?status=lost")
    assert response.status_code == 400
    assert response.json()["data"]["fields"] == {"status": ["状态格式不正确"]}


def test_list_narrows_by_name_or_number(
    shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    first = placed(shopper_api, line(tea))["orderNo"]
    both = placed(shopper_api, line(tea), line(cup))["orderNo"]

    def found(keyword: str) -> list[str]:
        return numbers(shopper_api.get("/api/orders", {"keyword": keyword}))

    assert found("杯") == [both]
    assert found("井茶") == [both, first]
    assert found(first[5:20]) == [first]
    assert found("%") == []
    assert found("_") == []


def test_empty_filter_is_as_good_as_none(shopper_api: APIClient, tea: Product) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    answer = shopper_api.get("/api/orders", {"keyword": " ", "status": ""})
    assert numbers(answer) == [order_no]


@pytest.mark.parametrize("keyword", ["x" * 51, "%00"])
def test_bad_keyword_is_400(shopper_api: APIClient, keyword: str) -> None:
    assert shopper_api.get(f"/api/orders?keyword={keyword}").status_code == 400


@pytest.mark.parametrize("orders", [1, 10])
def test_list_asks_three_statements_whatever_the_orders(
    shopper_api: APIClient, tea: Product, orders: int, django_assert_num_queries: Any
) -> None:
    for _ in range(orders):
        placed(shopper_api, line(tea))
    # User with session, total, orders with all that belongs to them.
    with django_assert_num_queries(3):
        shopper_api.get("/api/orders")


def test_detail_asks_two_statements(
    shopper_api: APIClient, tea: Product, django_assert_num_queries: Any
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    with django_assert_num_queries(2):
        shopper_api.get(f"/api/orders/{order_no}")


def test_orders_are_read_as_the_orm_reads_them(
    shopper_api: APIClient, one_of_each: dict[str, Order]
) -> None:
    """With parcels, refunds and what replaces another, in each state."""
    asked(shopper_api, one_of_each["partly"])
    old, new = one_of_each["cancelled"], one_of_each["pending"]
    Order.objects.filter(pk=old.pk).update(replaced_by=new)
    by_orm = Order.objects.of(old.user_id).order_by("-pk").for_display()
    expected = [order_shown(order) for order in by_orm]
    assert len(expected) == len(one_of_each)
    assert shopper_api.get("/api/orders").json()["data"]["list"] == expected


def test_counts_are_own_and_by_state(
    shopper_api: APIClient,
    other_api: APIClient,
    tea: Product,
    django_assert_num_queries: Any,
) -> None:
    first = placed(shopper_api, line(tea))["orderNo"]
    placed(shopper_api, line(tea))
    placed(other_api, line(tea))
    Order.objects.filter(order_no=first).update(status="shipped")
    with django_assert_num_queries(2):
        response = shopper_api.get("/api/orders/counts")
    assert response.json()["data"] == {
        "pending": 1,
        "paid": 0,
        "shipped": 1,
        "completed": 0,
        "cancelled": 0,
        "refunding": 0,
    }


def test_ended_order_is_hidden_and_kept(shopper_api: APIClient, tea: Product) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    shopper_api.post(f"/api/orders/{order_no}/cancel")
    response = shopper_api.delete(f"/api/orders/{order_no}")
    assert (response.status_code, response.json()["message"]) == (200, "删除成功")
    assert shopper_api.get(f"/api/orders/{order_no}").status_code == 404
    assert shopper_api.delete(f"/api/orders/{order_no}").status_code == 404
    assert numbers(shopper_api.get("/api/orders")) == []
    assert shopper_api.get("/api/orders/counts").json()["data"]["cancelled"] == 0
    assert Order.objects.get().items.count() == 1


def test_open_order_cannot_be_hidden(shopper_api: APIClient, tea: Product) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    response = shopper_api.delete(f"/api/orders/{order_no}")
    assert response.status_code == 409
    assert response.json()["data"] == {
        "error": "illegal_transition",
        "status": "pending",
    }
    assert shopper_api.get(f"/api/orders/{order_no}").status_code == 200


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("get", ""),
        ("delete", ""),
        ("post", "/pay"),
        ("post", "/cancel"),
        ("post", "/confirm"),
        ("get", "/refunds"),
        ("post", "/refunds"),
    ],
)
def test_a_strangers_order_does_not_exist(
    shopper_api: APIClient, other_api: APIClient, tea: Product, method: str, suffix: str
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    response = getattr(other_api, method)(f"/api/orders/{order_no}{suffix}")
    assert response.status_code == 404
    assert response.json() == {
        "code": 404,
        "message": "订单不存在",
        "data": {"error": "not_found"},
    }
    assert Order.objects.get().status == "pending"
