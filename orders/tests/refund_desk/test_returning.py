"""What staff do with a return, with WeChat at the other end."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import User
from catalog.models import Product
from orders.models import Order, Refund
from orders.services.fulfilment import order_ship
from orders.services.refunds import (
    refund_agree_return,
    refund_return_parcel,
    refund_send,
)
from orders.tests.conftest import page, stock_of
from orders.tests.order_actions.pages import refusals, told
from orders.tests.refund_desk.pages import books, found, offered, request, url
from shop.back_office.figures import moment
from shop.devstack.simulator.process import SimulatorProcess


def requested(order: Order) -> Refund:
    """Ask to send two teas of an order back, all of which has left."""
    item = order.items.earliest("pk")
    order_ship(order_id=order.pk, carrier="SF", tracking_no="SF1", operator_id=None)
    return request(order, {item.pk: 2}, is_return=True)


def test_a_return_is_agreed_to(
    desk: Client, buy: Callable[[], Order], settings: Any
) -> None:
    settings.REFUND_RETURN_ADDRESS = "王五 13900139000 杭州市龙井路1号"
    refund = requested(buy())
    assert offered(desk, refund) == {"agree_return", "approve", "reject"}
    assert "王五 13900139000 杭州市龙井路1号" in page(desk, url(refund, "agree_return"))
    before = books()
    refused = desk.post(url(refund, "agree_return"), {"address": "", "answer": ""})
    assert refusals(refused) == ["退货地址不能为空"]
    assert books() == before
    answer = {"address": "赵六 二号仓", "answer": "请附发货单"}
    agreed = desk.post(url(refund, "agree_return"), answer)
    refund.refresh_from_db()
    assert told(agreed) == [f"已同意退货,等买家在{moment(refund.return_before)}前寄回"]
    assert (refund.state, refund.return_address) == ("to_return", "赵六 二号仓")
    assert offered(desk, refund) == {"receive", "reject"}
    # Pressed twice.
    assert told(desk.post(url(refund, "agree_return"), answer)) == [
        "退款单待寄回,不能这样做"
    ]


def test_what_came_back_is_received_and_paid(
    desk: Client,
    buy: Callable[[], Order],
    wechat: SimulatorProcess,
    staff: User,
    tea: Product,
) -> None:
    refund = requested(buy())
    refund_agree_return(
        refund_id=refund.pk, operator_id=staff.pk, address="赵六 二号仓"
    )
    refund_return_parcel(
        refund_no=refund.refund_no,
        user_id=refund.order.user_id,
        carrier="ZTO",
        tracking_no="ZT123",
    )
    assert found(desk) == found(desk, state="returning") == [refund.pk]
    text = page(desk, url(refund, "change"))
    for fact in (
        "售后,退货退款",
        "赵六 二号仓",
        "中通快递 ZT123",
        "等收退货",
        "买家寄回",
    ):
        assert fact in text, fact
    assert "中通快递 ZT123" in page(desk, url(refund, "receive"))
    paid = {"answer": "", "is_restocked": "on"}
    assert told(desk.post(url(refund, "receive"), paid)) == [
        "已同意退款¥198.00,正在提交微信"
    ]
    refund_send(refund_id=refund.pk)
    wechat.refund_decide(refund.out_refund_no, "SUCCESS")
    refund.refresh_from_db()
    assert (refund.state, stock_of(tea)) == ("succeeded", 9)
