"""What the clock does while goods may come back: it ends what was not sent in time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from conftest import alone
from orders.locks import order_lock
from orders.models import Order, Payment, Refund
from orders.services.fulfilment import orders_confirm_due
from orders.services.refunds import refund_approve, refund_send_back, returns_expire
from orders.tests.conftest import line, paid_order
from orders.tests.refunding import asked, ship

from .returning import agree, send
from .showing import shown

pytestmark = pytest.mark.usefixtures("audited")


def test_what_is_not_sent_in_time_is_withdrawn(
    shopper_api: APIClient, agreed: Refund
) -> None:
    deadline: Any = agreed.return_before
    assert returns_expire(now=deadline - timedelta(seconds=1)) == 0
    assert returns_expire(now=deadline) == 1
    assert returns_expire(now=deadline) == 0
    data = shown(shopper_api, agreed)
    assert data["status"] == "withdrawn"
    last = data["timeline"][-1]
    assert (last["text"], last["note"]) == (
        *("退款申请已撤回", "超过寄回期限,系统自动撤回"),
    )
    assert Payment.objects.get().refund_amount == 0
    assert send(shopper_api, agreed).status_code == 409


def test_what_was_sent_is_withdrawn_by_no_clock(
    shopper_api: APIClient, agreed: Refund
) -> None:
    send(shopper_api, agreed)
    assert returns_expire(now=timezone.now() + timedelta(days=365)) == 0
    agreed.refresh_from_db()
    assert agreed.state == "returning"


def test_what_one_person_has_granted_is_withdrawn_by_no_clock(
    shopper_api: APIClient, agreed: Refund, staff: User, settings: Any
) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = Decimal(100)
    first: Any = agreed.return_before
    refund_approve(refund_id=agreed.pk, operator_id=staff.pk, is_restocked=False)
    assert returns_expire(now=first) == 0
    # Sent back, it is to be sent anew, with all the days for it.
    refund_send_back(refund_id=agreed.pk, operator_id=staff.pk, note="请寄回")
    assert returns_expire(now=first) == 0
    agreed.refresh_from_db()
    assert (agreed.state, agreed.is_agreed) == ("to_return", False)
    assert returns_expire(now=agreed.return_before) == 1


def test_the_clock_confirms_no_order_of_which_money_may_go_back(
    shopper_api: APIClient, agreed: Refund, tea: Product
) -> None:
    other = paid_order(shopper_api, line(tea))
    ship(other)
    later = timezone.now() + timedelta(days=30)
    assert orders_confirm_due(now=later) == 1
    order = Order.objects.get(pk=agreed.order_id)
    assert order.status == "shipped"
    shopper_api.post(f"/api/refunds/{agreed.refund_no}/withdraw")
    assert orders_confirm_due(now=later) == 1
    order.refresh_from_db()
    assert order.status == "completed"


@pytest.mark.django_db(transaction=True)
def test_one_whose_order_is_locked_holds_up_no_other(
    shopper_api: APIClient, agreed: Refund, staff: User, tea: Product
) -> None:
    other = paid_order(shopper_api, line(tea))
    ship(other)
    agree(asked(shopper_api, other, type="return"), staff)
    Refund.objects.update(return_before=timezone.now())
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        order_lock(agreed.order_id)
        assert pool.submit(alone(returns_expire)).result() == 1
    states = Refund.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["to_return", "withdrawn"]
    assert returns_expire() == 1
