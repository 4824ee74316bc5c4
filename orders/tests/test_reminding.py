"""A shopper reminds the shop to send what is paid; staff see it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.errors import RemindedAlready
from orders.locks import order_lock
from orders.models import Order
from orders.services.reminding import order_remind
from orders.tests.conftest import ORDERS, line, numbers, page, paid_order, placed
from orders.tests.refunding import asked, ship


@pytest.fixture
def order(shopper_api: APIClient, tea: Product) -> Order:
    return paid_order(shopper_api, line(tea, 2))


def remind(api: APIClient, order_no: str) -> Any:
    return api.post(f"/api/orders/{order_no}/remind")


def reminded_at(order: Order) -> Any:
    return Order.objects.values_list("reminded_at", flat=True).get(pk=order.pk)


def test_a_shop_is_reminded_once_a_day(shopper_api: APIClient, order: Order) -> None:
    url = f"/api/orders/{order.order_no}"
    assert shopper_api.get(url).json()["data"]["remindedAt"] is None
    first = remind(shopper_api, order.order_no)
    assert (first.status_code, first.json()["message"]) == (200, "已提醒商家发货")
    said = first.json()["data"]["remindedAt"]
    assert said.endswith("+08:00")
    at = reminded_at(order)

    again = remind(shopper_api, order.order_no)
    assert (again.status_code, again.json()) == (
        409,
        {
            "code": 409,
            "message": "已提醒商家发货,24小时内只能提醒一次",
            "data": {"error": "reminded_already", "remindedAt": said},
        },
    )
    assert reminded_at(order) == at

    Order.objects.update(reminded_at=timezone.now() - timedelta(hours=24))
    assert remind(shopper_api, order.order_no).status_code == 200
    assert reminded_at(order) > at


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue", "patient_database")
def test_of_two_at_once_one_reminds(order: Order) -> None:
    whose = {"order_no": order.order_no, "user_id": order.user_id}
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            order_lock(order.pk)
            twins = [pool.submit(alone(order_remind), **whose) for _ in range(2)]
            wait_until(lambda: lock_waiters() == 2)
        failed = [type(error) for twin in twins if (error := twin.exception())]
    assert failed == [RemindedAlready]


def test_only_what_is_paid_and_here_is_reminded_of(
    shopper_api: APIClient, other_api: APIClient, order: Order, tea: Product
) -> None:
    assert remind(other_api, order.order_no).status_code == 404
    unpaid = remind(shopper_api, placed(shopper_api, line(tea))["orderNo"])
    assert (unpaid.status_code, unpaid.json()["data"]) == (
        409,
        {"error": "illegal_transition", "status": "pending"},
    )
    closing = paid_order(shopper_api, line(tea))
    shopper_api.post(f"/api/orders/{closing.order_no}/cancel")
    assert remind(shopper_api, closing.order_no).status_code == 409
    tea_line = order.items.get().pk
    ship(order, {tea_line: 1})
    assert remind(shopper_api, order.order_no).status_code == 200
    Order.objects.update(reminded_at=None)
    ship(order)
    assert remind(shopper_api, order.order_no).json()["data"]["status"] == "shipped"
    assert not Order.objects.filter(reminded_at__isnull=False).exists()


def test_staff_see_who_waits_until_it_has_left(
    desk: Client, shopper_api: APIClient, order: Order, tea: Product
) -> None:
    other = paid_order(shopper_api, line(tea))
    asked(shopper_api, other)
    assert numbers(desk, needs="reminded") == []
    remind(shopper_api, order.order_no)
    assert numbers(desk, needs="reminded") == [order.order_no]
    assert numbers(desk, needs="any") == [other.order_no, order.order_no]
    assert page(desk, f"{ORDERS}?stage=to_ship").count("待发货,买家催") == 1
    assert "催发货" in page(desk, f"{ORDERS}{order.pk}/change/")
    assert "买家催发货" in page(desk, "/admin/")
    ship(order)
    assert numbers(desk, needs="reminded") == []
    assert "买家催发货" not in page(desk, "/admin/")
