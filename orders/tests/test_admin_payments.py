"""Payments in the admin: found and read, with what WeChat stated."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog.models import Product
from orders.models import Payment
from orders.tests.conftest import clerk, line, page, paid_order

PAYMENTS = "/admin/orders/payment/"


@pytest.fixture
def payment(shopper_api: APIClient, tea: Product) -> Payment:
    return Payment.objects.get(order=paid_order(shopper_api, line(tea)))


def found(client: Client, **query: Any) -> list[int]:
    changelist = client.get(PAYMENTS, query).context["cl"]
    return [row.pk for row in changelist.result_list]


def test_search_and_filter(
    desk: Client, shopper_api: APIClient, payment: Payment, cup: Product
) -> None:
    other = Payment.objects.get(order=paid_order(shopper_api, line(cup)))
    other.state = "closed"
    other.save()
    assert found(desk) == [other.pk, payment.pk]
    assert found(desk, q=payment.out_trade_no) == [payment.pk]
    assert found(desk, q=payment.order.order_no) == [payment.pk]
    assert found(desk, q=other.transaction_id) == [other.pk]
    assert found(desk, state__exact="closed") == [other.pk]
    assert found(desk, state__exact="open") == []


def test_page_tells_the_facts(desk: Client, payment: Payment) -> None:
    text = page(desk, f"{PAYMENTS}{payment.pk}/change/")
    for fact in (
        *(payment.out_trade_no, payment.transaction_id, "已支付", "¥99.00"),
        *("&quot;trade_state&quot;: &quot;SUCCESS&quot;", "&quot;total&quot;: 9900"),
        f"/admin/orders/order/{payment.order_id}/change/",
    ):
        assert fact in text, fact


def test_nothing_is_written_by_hand(desk: Client, payment: Payment) -> None:
    url = f"{PAYMENTS}{payment.pk}/"
    assert desk.post(f"{url}change/", {"state": "open"}).status_code == 403
    assert desk.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    assert desk.get(f"{PAYMENTS}add/").status_code == 403
    payment.refresh_from_db()
    assert payment.state == "succeeded"


def test_statements_do_not_grow_with_the_rows(
    desk: Client, shopper_api: APIClient, payment: Payment, cup: Product
) -> None:
    def statements() -> int:
        page(desk, PAYMENTS)  # Once, to fill Django's cache of content types.
        with CaptureQueriesContext(connection) as queries:
            page(desk, PAYMENTS)
        assert len(queries) <= 15
        return len(queries)

    few = statements()
    for _ in range(4):
        paid_order(shopper_api, line(cup))
    assert statements() == few


def test_staff_without_the_permission_see_none(
    client: Client, payment: Payment
) -> None:
    client = clerk(client, "view_order")
    assert client.get(PAYMENTS).status_code == 403
    assert client.get(f"{PAYMENTS}{payment.pk}/change/").status_code == 403
    assert PAYMENTS not in page(client, "/admin/orders/order/")
