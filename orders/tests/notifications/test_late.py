"""Payments that come late, twice, or many at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.models import Order, OrderEvent, Payment, PaymentAnomaly, Refund

from .believing import Sent


def test_payment_of_a_cancelled_order_places_it_again(
    send: Sent, facts: dict[str, Any]
) -> None:
    Order.objects.update(status="cancelled")
    Payment.objects.update(state="closed")
    for _ in range(2):
        assert send(facts).status_code == 204
    old, new = Order.objects.order_by("pk")
    assert (old.status, old.replaced_by, new.status) == ("cancelled", new, "paid")
    payment = Payment.objects.get()
    assert (payment.order, payment.state) == (new, "succeeded")
    assert Product.objects.get().sales == 1
    assert noted() == ["late"]


def noted() -> list[str]:
    return list(PaymentAnomaly.objects.values_list("kind", flat=True))


def gone_back() -> list[tuple[str, str, str]]:
    """Return what goes back: of which payment, what began it, how much."""
    refunds = Refund.objects.values_list("payment__state", "kind", "amount")
    return [(state, kind, str(amount)) for state, kind, amount in refunds]


def test_late_payment_of_an_old_price_goes_back_and_never_pays_the_order(
    send: Sent, facts: dict[str, Any]
) -> None:
    """WeChat said that none could come; should one come, it is not the price."""
    Payment.objects.update(state="closed")
    Order.objects.update(discount_amount="9.00", total_amount="90.00")
    for _ in range(2):
        assert send(facts).status_code == 204
    assert Order.objects.get().status == "pending"
    assert Product.objects.get().sales == 0
    assert gone_back() == [("undue", "automatic", "99.00")]
    assert noted() == ["old_price"]


def test_second_payment_of_an_order_goes_back(
    send: Sent, facts: dict[str, Any]
) -> None:
    send(facts)
    first = Payment.objects.get()
    second = Payment.objects.create(
        order=first.order,
        out_trade_no=f"{first.order.order_no}P002",
        amount=first.amount,
        expires_at=first.expires_at,
    )
    told = {"out_trade_no": second.out_trade_no, "transaction_id": "42-other"}
    for _ in range(2):
        assert send({**facts, **told}).status_code == 204
    assert Order.objects.get().status == "paid"
    assert Product.objects.get().sales == 1
    assert gone_back() == [("undue", "automatic", "99.00")]
    assert noted() == ["second"]


def test_other_transaction_under_a_paid_number_is_refused(
    send: Sent, facts: dict[str, Any]
) -> None:
    send(facts)
    assert send({**facts, "transaction_id": "42-other"}).status_code == 400
    assert Payment.objects.get().transaction_id == facts["transaction_id"]


@pytest.mark.usefixtures("audited")
def test_fifty_notifications_at_once_are_one_payment(
    transactional_db: None, patient_database: None, send: Sent, facts: dict[str, Any]
) -> None:
    """All of them have begun when the first may write; each is told that it is well."""
    deliver_one = alone(lambda: send(facts).status_code)
    with ThreadPoolExecutor(50) as pool:
        with transaction.atomic():
            list(Order.objects.select_for_update())
            sent = [pool.submit(deliver_one) for _ in range(50)]
            wait_until(lambda: lock_waiters() == 50)
        assert [future.result() for future in sent] == [204] * 50
    assert Order.objects.get().status == "paid"
    assert Product.objects.get().sales == 1
    events = OrderEvent.objects.values_list("from_status", "to_status")
    assert list(events) == [("", "pending"), ("pending", "paid")]
