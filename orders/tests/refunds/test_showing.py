"""What the shopper is shown of refunds, and what it asks of the database."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order
from orders.services.refunds import refund_approve
from orders.tests.conftest import line, paid_order
from orders.tests.refunding import ask, asked, completed_order, pieces, settled

from .showing import shown

pytestmark = pytest.mark.usefixtures("audited")


def numbers(response: Any) -> list[str]:
    assert response.status_code == 200
    return [refund["refundNo"] for refund in response.json()["data"]["list"]]


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
