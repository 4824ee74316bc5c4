"""Where the actions of an order are offered at all."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from orders.models import Order
from orders.tests.conftest import ORDERS, clerk, page
from orders.tests.order_actions.pages import (
    ACTIONS,
    OFFERED,
    books,
    fields,
    offered,
    told,
    url,
)


@pytest.mark.parametrize("name", list(OFFERED))
def test_buttons_and_pages_are_those_of_the_state(
    desk: Client, one_of_each: dict[str, Order], name: str
) -> None:
    order = one_of_each[name]
    assert offered(desk, order) == OFFERED[name]
    before = books()
    for action in set(ACTIONS) - OFFERED[name]:
        for response in (
            desk.get(url(order, action)),
            desk.post(url(order, action), fields(order)),
        ):
            assert response.status_code == 302
            assert response.headers["Location"] == url(order, "change")
            assert "不能这样做" in told(response)[0]
    assert books() == before


def test_pages_of_no_order_lead_back(desk: Client) -> None:
    for action in ACTIONS:
        response = desk.get(f"{ORDERS}999/{action}/", follow=True)
        assert response.status_code == 200
        assert "订单不存在,不能这样做" in response.content.decode()


@pytest.mark.parametrize("permission", ["view_order", "change_order", "ship_order"])
def test_staff_without_the_permission_see_no_button_and_get_403(
    client: Client, one_of_each: dict[str, Order], permission: str
) -> None:
    """`ship_order` without `view_order` opens nothing either."""
    client = clerk(client, permission)
    before = books()
    for name, order in one_of_each.items():
        if permission != "ship_order":
            assert offered(client, order) == set()
        for action in OFFERED[name]:
            assert client.get(url(order, action)).status_code == 403
            answer = client.post(url(order, action), fields(order))
            assert answer.status_code == 403
    assert books() == before


@pytest.mark.parametrize(
    ("permission", "actions"),
    [
        ("ship_order", {"ship", "correct"}),
        ("reprice_order", {"reprice"}),
        ("refund_order", {"refund"}),
        ("cancel_order", {"cancel"}),
    ],
)
def test_each_permission_opens_its_own(
    client: Client, one_of_each: dict[str, Order], permission: str, actions: set[str]
) -> None:
    client = clerk(client, "view_order", permission)
    for name, order in one_of_each.items():
        assert offered(client, order) == OFFERED[name] & actions
        for action in OFFERED[name]:
            expected = 200 if action in actions else 403
            assert client.get(url(order, action)).status_code == expected


def test_looking_does_nothing_and_neither_does_a_foreign_page(
    desk: Client, staff: User, one_of_each: dict[str, Order], paid: Order
) -> None:
    before = books()
    for name, actions in OFFERED.items():
        for action in actions:
            page(desk, url(one_of_each[name], action))
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(staff)
    assert forged.post(url(paid, "ship"), fields(paid)).status_code == 403
    assert books() == before


def test_statements_of_the_pages_do_not_grow(
    desk: Client,
    one_of_each: dict[str, Order],
    paid: Order,
    django_assert_max_num_queries: Any,
) -> None:
    for name, actions in OFFERED.items():
        for action in actions:
            with django_assert_max_num_queries(20):
                page(desk, url(one_of_each[name], action))
