"""What an order and the counts tell of money that went back, or came late."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Payment, Refund
from orders.numbers import out_trade_no_make
from orders.services.payments import payment_settle
from orders.services.refunds import refund_approve
from orders.tests.conftest import line, paid_order, payment_facts, placed, stock_of
from orders.tests.refunding import asked, completed_order, settled

pytestmark = pytest.mark.usefixtures("audited")


def shown(api: APIClient, order: Order) -> Any:
    return api.get(f"/api/orders/{order.order_no}").json()["data"]


def refunding(api: APIClient) -> int:
    count: int = api.get("/api/orders/counts").json()["data"]["refunding"]
    return count


def late(order: Order, attempt: int = 1) -> Payment:
    """Return an attempt that WeChat calls paid though it was closed."""
    return Payment.objects.create(
        order=order,
        out_trade_no=out_trade_no_make(order_no=order.order_no, attempt=attempt),
        amount=order.total_amount,
        state="closed",
        expires_at=order.expires_at,
    )


def test_an_order_counts_as_refunding_until_the_money_is_there(
    shopper_api: APIClient, other_api: APIClient, staff: User, tea: Product
) -> None:
    refund = asked(shopper_api, completed_order(shopper_api, line(tea)))
    completed_order(shopper_api, line(tea))
    assert (refunding(shopper_api), refunding(other_api)) == (1, 0)
    refund_approve(refund_id=refund.pk, operator_id=staff.pk, is_restocked=False)
    for said in ("PROCESSING", "ABNORMAL"):
        settled(refund, said)
        assert refunding(shopper_api) == 1
    settled(refund)
    assert refunding(shopper_api) == 0


def test_only_what_wechat_has_taken_and_not_closed_is_refunded(
    shopper_api: APIClient, staff: User, tea: Product
) -> None:
    order = completed_order(shopper_api, line(tea, 2))
    refund = asked(shopper_api, order)
    seen = [shown(shopper_api, order)["refundedAmount"]]
    refund_approve(refund_id=refund.pk, operator_id=staff.pk, is_restocked=False)
    for said in ("CLOSED", "PROCESSING", "ABNORMAL", "SUCCESS"):
        settled(refund, said)
        seen.append(shown(shopper_api, order)["refundedAmount"])
    assert seen == ["0.00", "0.00", "198.00", "0.00", "198.00"]


def test_a_late_payment_leads_to_the_order_that_took_it(
    shopper_api: APIClient, tea: Product
) -> None:
    old = Order.objects.get(order_no=placed(shopper_api, line(tea, 2))["orderNo"])
    shopper_api.post(f"/api/orders/{old.order_no}/cancel")
    payment = late(old)
    payment_settle(facts=payment_facts(payment))
    new = Order.objects.exclude(pk=old.pk).get()
    assert shown(shopper_api, old)["replacedBy"] == new.order_no
    data = shown(shopper_api, new)
    assert (data["status"], data["replacedBy"]) == ("paid", None)
    assert data["items"][0]["refundQuantity"] == 0
    assert stock_of(tea) == 8
    # The old one is out of sight, the new one goes on.
    assert shopper_api.delete(f"/api/orders/{old.order_no}").status_code == 200


def test_money_that_paid_for_nothing_is_no_part_of_the_price(
    shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea))
    payment_settle(facts=payment_facts(late(order, attempt=2)))
    url = f"/api/orders/{order.order_no}/refunds"
    (refund,) = shopper_api.get(url).json()["data"]["list"]
    assert (refund["kind"], refund["status"], refund["amount"]) == (
        *("automatic", "approved", "99.00"),
    )
    assert (refund["items"], refund["reason"]) == ([], "重复付款,系统自动退款")
    assert [step["note"] for step in refund["timeline"]] == ["重复付款,系统自动退款"]
    assert refunding(shopper_api) == 1
    settled(Refund.objects.get())
    data = shown(shopper_api, order)
    assert (data["status"], data["refundedAmount"]) == ("paid", "0.00")
    assert data["items"][0]["refundQuantity"] == 0
    assert refunding(shopper_api) == 0


@pytest.mark.parametrize("rows", [1, 6])
def test_the_list_asks_the_same_statements_with_refunds(
    shopper_api: APIClient,
    staff: User,
    tea: Product,
    rows: int,
    django_assert_num_queries: Any,
) -> None:
    for _ in range(rows):
        asked(shopper_api, paid_order(shopper_api, line(tea)))
    with django_assert_num_queries(3):
        shopper_api.get("/api/orders")
    with django_assert_num_queries(2):
        shopper_api.get("/api/orders/counts")
