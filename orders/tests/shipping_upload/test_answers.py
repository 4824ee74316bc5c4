"""What each answer of WeChat's makes of an upload."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import Order, Payment
from orders.services.shipping_uploads import shipping_upload_send
from shop.wechat.errors import WeChatUnavailable

from .uploading import OK, refusal, ship, told, upload, uploads


@pytest.mark.parametrize("answer", [b"", b"<html>", refusal(-1), refusal(45009)])
def test_what_is_no_answer_is_tried_again_under_the_same_time(
    wechat: Any, paid: Order, answer: bytes
) -> None:
    ship(paid)
    told(wechat, answer, OK)
    with pytest.raises(WeChatUnavailable):
        shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.tries) == ("pending", 1)
    assert row.error == "微信服务暂时不可用,请稍后再试"
    shipping_upload_send(order_id=paid.pk)
    first, second = uploads(wechat)
    assert first == second
    row = upload()
    assert (row.state, row.tries, row.error) == ("succeeded", 2, "")


def test_answer_that_was_lost_is_no_change(wechat: Any, paid: Order) -> None:
    ship(paid)
    told(wechat, b"{", refusal(10060023))
    with pytest.raises(WeChatUnavailable):
        shipping_upload_send(order_id=paid.pk)
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode) == ("succeeded", None)
    assert row.parcels is not None


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (10060004, "支付单处于不可发货的状态"),
        (10060031, "支付单不属于这个买家"),
        (48001, "小程序没有开通发货信息管理"),
        (268485216, "微信拒绝,错误码268485216"),
    ],
)
def test_refusal_is_for_staff(
    wechat: Any, paid: Order, caplog: Any, errcode: int, error: str
) -> None:
    ship(paid)
    told(wechat, refusal(errcode))
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode, row.error) == ("failed", errcode, error)
    assert row.parcels is None
    assert [one.levelname for one in caplog.records if "refused" in one.message] == [
        "ERROR"
    ]
    # A job that comes again asks nothing.
    shipping_upload_send(order_id=paid.pk)
    assert len(uploads(wechat)) == 1


def test_payment_that_wechat_does_not_know_yet(wechat: Any, paid: Order) -> None:
    ship(paid)
    told(wechat, refusal(10060001), refusal(10060001))
    with pytest.raises(WeChatUnavailable):
        shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode, row.error) == (
        *("pending", 10060001),
        "微信没有这笔支付单",
    )
    Payment.objects.update(paid_at=timezone.now() - timedelta(hours=1))
    shipping_upload_send(order_id=paid.pk)
    assert (upload().state, upload().errcode) == ("failed", 10060001)


@pytest.mark.parametrize("errcode", [10060002, 10060003])
def test_what_was_entered_by_hand_counts(
    wechat: Any, paid: Order, errcode: int
) -> None:
    ship(paid)
    told(wechat, refusal(errcode))
    shipping_upload_send(order_id=paid.pk)
    row = upload()
    assert (row.state, row.errcode, row.parcels) == ("succeeded", errcode, None)
    assert row.error == "微信已有发货信息,以微信后台为准"
