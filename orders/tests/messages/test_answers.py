"""How each answer of WeChat's ends a message."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from conftest import alone
from orders.models import Order, RefundState, SubscribeMessage
from orders.services.accounts import account_delete
from orders.services.fulfilment import order_confirm
from orders.services.messages import message_send
from orders.services.refunds.states import refund_move
from shop.wechat.errors import WeChatUnavailable

from .telling import OK, TOKEN, kinds, message, refund, ship


def refusal(errcode: int) -> bytes:
    return json.dumps({"errcode": errcode, "errmsg": "no"}).encode()


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
