"""Subscribe messages: queued once for each event, and how each answer ends."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

import shop.wechat.tests.conftest as scripted
from accounts.models import User
from catalog.models import Product
from conftest import alone
from orders.models import (
    MessageKind,
    Order,
    Payment,
    Refund,
    RefundState,
    SubscribeMessage,
)
from orders.services.accounts import account_delete
from orders.services.fulfilment import order_confirm, order_ship
from orders.services.messages import (
    message_enqueue,
    message_send,
    messages_resume,
)
from orders.services.refunds.states import refund_move
from orders.tests.conftest import line, paid_order
from shop.retry import BackOff
from shop.wechat.errors import WeChatUnavailable
from shop.wechat.templates import template_read

wechat = scripted.wechat
TASK = "orders.jobs.message_send"
TOKEN = b'{"access_token": "t1", "expires_in": 7200}'
OK = b'{"errcode": 0, "errmsg": "ok"}'
TEMPLATES = {
    "paid": "PAID order_no=character_string1 amount=amount2 goods=thing3 time=time4",
    "shipped": "SHIPPED order_no=character_string1 carrier=thing2 "
    "tracking_no=character_string3 status=phrase4 time=date5",
    "refunded": "REFUNDED refund_no=character_string1 amount=amount2 status=phrase3",
}


def refusal(errcode: int) -> bytes:
    return json.dumps({"errcode": errcode, "errmsg": "no"}).encode()


@pytest.fixture(autouse=True)
def _templates(settings: Any) -> None:
    settings.WECHAT_TEMPLATES = {
        event: template_read(event, text) for event, text in TEMPLATES.items()
    }
    settings.WECHAT_MESSAGE_PAGE = "pages/order?orderNo={order_no}"


@pytest.fixture
def paid(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    return paid_order(shopper_api, line(tea, 3), line(cup, 2))


def ship(order: Order, number: str = "SF1", **fields: Any) -> Any:
    return order_ship(
        order_id=order.pk,
        carrier="SF",
        tracking_no=number,
        operator_id=None,
        **fields,
    )


def refund(order: Order, number: str = "R1", state: str = "succeeded") -> Refund:
    return Refund.objects.create(
        refund_no=number,
        out_refund_no=f"{number}R01",
        order=order,
        payment=Payment.objects.get(order=order),
        kind="after_sale",
        state=state,
        amount=Decimal("25.50"),
        accepted_at=timezone.now(),
        succeeded_at=timezone.now(),
    )


def queued() -> list[Any]:
    jobs = ProcrastinateJob.objects.filter(task_name=TASK).order_by("id")
    return [job.args["message_id"] for job in jobs]


def kinds() -> list[tuple[str, str]]:
    rows = SubscribeMessage.objects.order_by("pk")
    return list(rows.values_list("kind", "state"))


def message(kind: str = "paid") -> SubscribeMessage:
    return SubscribeMessage.objects.get(kind=kind)


def sent(wechat: Any) -> dict[str, Any]:
    """Return the body of the last message."""
    assert wechat.asked[-1] == "/cgi-bin/message/subscribe/send?access_token=t1"
    body: dict[str, Any] = json.loads(wechat.sent[-1])
    return body


# --- queued once with the event -------------------------------------------------------


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


# --- what is sent ---------------------------------------------------------------------


def test_payment_is_told(wechat: Any, paid: Order, shopper: User) -> None:
    Order.objects.update(paid_at=datetime(2026, 1, 1, 19, 4, tzinfo=UTC))
    wechat.answers = [TOKEN, OK]
    message_send(message_id=message().pk)
    assert sent(wechat) == {
        "touser": shopper.openid,
        "template_id": "PAID",
        "page": f"pages/order?orderNo={paid.order_no}",
        "data": {
            "character_string1": {"value": paid.order_no},
            "amount2": {"value": "¥348.00"},
            "thing3": {"value": "龙井茶、茶杯"},
            "time4": {"value": "2026年1月2日 03:04"},
        },
    }
    row = message()
    assert (row.state, row.tries, row.error) == ("sent", 1, "")
    assert row.sent_at is not None


def test_shipping_is_told_with_its_parcels(wechat: Any, paid: Order) -> None:
    tea, _ = paid.items.values_list("pk", flat=True)
    ship(paid, "SF1", quantities={tea: 3})
    ship(paid, "SF2")
    wechat.answers = [TOKEN, OK]
    message_send(message_id=message("shipped").pk)
    data = sent(wechat)["data"]
    assert data["thing2"] == {"value": "顺丰速运等2个包裹"}
    assert data["character_string3"] == {"value": "SF2"}
    assert data["phrase4"] == {"value": "已发货"}


def test_refund_is_told_with_its_amount(
    wechat: Any, paid: Order, settings: Any
) -> None:
    settings.WECHAT_MESSAGE_PAGE = ""
    message_enqueue(kind=MessageKind.REFUNDED, order=paid, refund=refund(paid))
    wechat.answers = [TOKEN, OK]
    message_send(message_id=message("refunded").pk)
    body = sent(wechat)
    assert body["data"] == {
        "character_string1": {"value": "R1"},
        "amount2": {"value": "¥25.50"},
        "phrase3": {"value": "已退款"},
    }
    assert "page" not in body


# --- what each answer makes of it -----------------------------------------------------


def test_refusal_by_the_shopper_is_final(wechat: Any, paid: Order, caplog: Any) -> None:
    wechat.answers = [TOKEN, refusal(43101)]
    for _ in range(2):
        message_send(message_id=message().pk)
    row = message()
    assert (row.state, row.errcode, row.tries) == ("refused", 43101, 1)
    assert row.error == "买家没有订阅这条消息"
    assert len(wechat.asked) == 2
    assert "ERROR" not in {record.levelname for record in caplog.records}


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (47003, "模板字段不正确"),
        (40037, "模板不存在"),
        (40003, "买家标识不正确"),
        (41030, "小程序页面不存在"),
        (48001, "微信拒绝,错误码48001"),
    ],
)
def test_fault_of_ours_is_seen(
    wechat: Any, paid: Order, caplog: Any, errcode: int, error: str
) -> None:
    wechat.answers = [TOKEN, refusal(errcode)]
    message_send(message_id=message().pk)
    row = message()
    assert (row.state, row.errcode, row.error) == ("failed", errcode, error)
    assert "ERROR" in {record.levelname for record in caplog.records}


@pytest.mark.parametrize("answer", [refusal(-1), b"", b"<html>"])
def test_what_is_no_answer_is_tried_again(
    wechat: Any, paid: Order, answer: bytes
) -> None:
    wechat.answers = [TOKEN, answer, OK]
    with pytest.raises(WeChatUnavailable):
        message_send(message_id=message().pk)
    row = message()
    assert (row.state, row.tries) == ("pending", 1)
    assert row.error == "微信服务暂时不可用,请稍后再试"
    message_send(message_id=message().pk)
    row = message()
    assert (row.state, row.tries, row.error) == ("sent", 2, "")


def test_refund_is_told_when_the_money_is_there_not_before(paid: Order) -> None:
    back = refund(paid, state="approved")
    moves = {"refund": back, "operator_id": None}
    refund_move(to=RefundState.PROCESSING, **moves)
    assert kinds() == [("paid", "pending")]
    refund_move(to=RefundState.SUCCEEDED, **moves)
    assert kinds() == [("paid", "pending"), ("refunded", "pending")]


@pytest.mark.parametrize("answer", [refusal(43101), refusal(47003), b""])
def test_slow_twin_changes_no_end(
    transactional_db: None, wechat: Any, paid: Order, answer: bytes
) -> None:
    """A job that was thought lost comes to its own answer after the other's."""
    wechat.answers = [TOKEN, answer]
    wechat.before_answer = alone(lambda: SubscribeMessage.objects.update(state="sent"))
    with suppress(WeChatUnavailable):
        message_send(message_id=message().pk)
    assert len(wechat.asked) == 2
    row = message()
    assert (row.state, row.errcode, row.error) == ("sent", None, "")


def test_what_could_not_be_sent_for_a_day_is_given_up(wechat: Any, paid: Order) -> None:
    day = timedelta(days=1)
    SubscribeMessage.objects.update(created_at=timezone.now() - day)
    message_send(message_id=message().pk)
    row = message()
    assert (row.state, row.error) == ("failed", "超过一天未能发送")
    assert wechat.asked == []


def test_template_that_was_taken_out_meanwhile(
    wechat: Any, paid: Order, settings: Any
) -> None:
    settings.WECHAT_TEMPLATES = {}
    message_send(message_id=message().pk)
    assert (message().state, message().error) == ("failed", "模板已从设置中删除")
    assert wechat.asked == []


@pytest.mark.usefixtures("queue")
def test_shopper_who_was_erased_meanwhile(
    wechat: Any, paid: Order, shopper: User
) -> None:
    ship(paid)
    order_confirm(order_no=paid.order_no, user_id=shopper.pk)
    account_delete(user_id=shopper.pk)
    message_send(message_id=message().pk)
    assert (message().state, message().error) == ("failed", "买家已注销")
    assert wechat.asked == []


# --- again ----------------------------------------------------------------------------


@pytest.mark.usefixtures("queue")
def test_message_whose_job_was_lost_is_queued_again_once(paid: Order) -> None:
    ProcrastinateJob.objects.all()._raw_delete("default")
    soon = message().updated_at + timedelta(hours=2)
    assert messages_resume(now=soon - timedelta(seconds=1)) == 0
    assert messages_resume(now=soon) == 1
    assert messages_resume(now=soon) == 0
    assert queued() == [message().pk]


@pytest.mark.parametrize("state", ["sent", "refused", "failed"])
def test_what_has_ended_is_not_queued_again(paid: Order, state: str) -> None:
    SubscribeMessage.objects.update(state=state)
    assert messages_resume(now=timezone.now() + timedelta(days=9)) == 0
