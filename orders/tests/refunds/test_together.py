"""One request waits at a time, whoever asks at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.errors import PiecesExceeded
from orders.models import Order, Payment, Refund
from orders.services.refunds import refund_by_staff, refund_request
from orders.tests.conftest import line
from orders.tests.refunding import ask, asked, completed_order, pieces

pytestmark = pytest.mark.usefixtures("audited")


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
    refused = pytest.raises(IntegrityError, match="refund_one_asked")
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
