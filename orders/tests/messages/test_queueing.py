"""A message is queued once, with the event that it tells of."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from procrastinate.contrib.django import app
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.models import MessageKind, Order, RefundState, SubscribeMessage
from orders.services.accounts import account_delete
from orders.services.fulfilment import order_confirm
from orders.services.messages import message_enqueue
from orders.services.refunds.states import refund_move
from orders.tests.conftest import line, paid_order
from shop.retry import BackOff

from .telling import TASK, kinds, queued, refund, ship


@pytest.mark.usefixtures("queue")
def test_each_event_is_told_once(paid: Order) -> None:
    tea, cup = paid.items.values_list("pk", flat=True)
    assert kinds() == [("paid", "pending")]
    ship(paid, "SF1", quantities={tea: 3})
    assert kinds() == [("paid", "pending")]
    ship(paid, "SF2", quantities={cup: 2})
    for number in ("R1", "R2"):
        back = refund(paid, number, state="processing")
        refund_move(refund=back, to=RefundState.SUCCEEDED, operator_id=None)
        message_enqueue(kind=MessageKind.REFUNDED, order=paid, refund=back)
    assert [kind for kind, _ in kinds()] == ["paid", "shipped", "refunded", "refunded"]
    ids = list(SubscribeMessage.objects.order_by("pk").values_list("pk", flat=True))
    assert queued() == ids


@pytest.mark.usefixtures("queue")
def test_event_that_is_rolled_back_is_not_told(paid: Order) -> None:
    before = queued()

    def act() -> None:
        with transaction.atomic():
            ship(paid)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        act()
    assert kinds() == [("paid", "pending")]
    assert queued() == before


def test_database_holds_one_message_for_an_event(paid: Order) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SubscribeMessage.objects.create(kind="paid", order=paid)


@pytest.mark.usefixtures("queue")
def test_event_without_a_template_is_not_told(
    settings: Any, shopper_api: APIClient, tea: Product
) -> None:
    del settings.WECHAT_TEMPLATES["paid"]
    paid_order(shopper_api, line(tea))
    assert (kinds(), queued()) == ([], [])


@pytest.mark.usefixtures("queue")
def test_shopper_without_wechat_is_not_told(paid: Order, shopper: User) -> None:
    ship(paid)
    order_confirm(order_no=paid.order_no, user_id=shopper.pk)
    account_delete(user_id=shopper.pk)
    order = Order.objects.get()
    message_enqueue(kind=MessageKind.REFUNDED, order=order, refund=refund(order))
    assert [kind for kind, _ in kinds()] == ["paid", "shipped"]


def test_job_is_tried_until_its_end_is_known() -> None:
    assert app.tasks[TASK].retry_strategy == BackOff()
