"""Staff cancel and reprice orders that are not paid."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Product
from orders.models import Order, OrderEvent, OrderPriceChange
from orders.tests.conftest import page, stock_of
from orders.tests.order_actions.pages import books, fields, refusals, told, url
from shop.devstack.simulator.process import SimulatorProcess


def test_cancel(desk: Client, staff: User, unpaid: Order, tea: Product) -> None:
    response = desk.post(url(unpaid, "cancel"), {"reason": "<b>缺货</b>"})
    assert told(response) == ["订单已取消,库存已退回"]
    event = OrderEvent.objects.latest("pk")
    assert (event.to_status, event.operator, event.reason) == (
        "cancelled",
        staff,
        "缺货",
    )
    assert stock_of(tea) == 10


@pytest.mark.parametrize("reason", ["", " ", "<b></b>"])
def test_cancel_needs_a_reason(desk: Client, unpaid: Order, reason: str) -> None:
    before = books()
    response = desk.post(url(unpaid, "cancel"), {"reason": reason})
    assert refusals(response) == ["原因不能为空"]
    assert books() == before


def test_cancel_while_wechat_is_away_says_so(
    desk: Client, started: Order, simulator: SimulatorProcess, tea: Product
) -> None:
    simulator.fault("close", "500", 1)
    response = desk.post(url(started, "cancel"), {"reason": "缺货"})
    assert told(response) == ["微信暂时联系不上,订单关闭中,系统会自动重试"]
    assert "关闭中" in page(desk, response.headers["Location"])
    assert stock_of(tea) == 9


def test_reprice(desk: Client, staff: User, started: Order) -> None:
    text = page(desk, url(started, "reprice"))
    assert 'name="seen_freight_amount" value="0.00"' in text
    assert "¥99.00" in text
    response = desk.post(url(started, "reprice"), fields(started))
    assert told(response) == ["应付金额已改为¥106.00"]
    change = OrderPriceChange.objects.get()
    assert (change.operator, change.reason) == (staff, "缺货")
    assert Order.objects.get().total_amount == Decimal("106.00")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"freight_amount": "-1"}, "确保该值大于或等于0.00。"),
        ({"freight_amount": "1.005"}, "确认小数不超过 2 位."),
        ({"freight_amount": "NaN"}, "输入一个数字。"),
        ({"discount_amount": ""}, "该字段是必填项。"),
        ({"discount_amount": "107.00"}, "应付金额不能小于0.01"),
        ({"freight_amount": "9999999999.99"}, "应付金额不能大于21474836.47"),
        ({"freight_amount": "0", "discount_amount": "0"}, "价格没有变化"),
        ({"seen_freight_amount": "5.00"}, "订单价格已变化,请刷新后重试"),
        ({"seen_freight_amount": ""}, "该字段是必填项。"),
        ({"reason": ""}, "原因不能为空"),
        ({"reason": "<b> </b>"}, "原因不能为空"),
    ],
)
def test_a_price_that_cannot_be_is_refused_on_its_page(
    desk: Client, unpaid: Order, changed: dict[str, str], message: str
) -> None:
    before = books()
    response = desk.post(url(unpaid, "reprice"), fields(unpaid, **changed))
    assert refusals(response) == [message]
    assert books() == before


def test_reprice_while_wechat_is_away_changes_nothing(
    desk: Client, started: Order, simulator: SimulatorProcess
) -> None:
    before = books()
    simulator.fault("query", "500", 1)
    response = desk.post(url(started, "reprice"), fields(started))
    assert refusals(response) == ["微信暂时联系不上,价格未改,请稍后再试"]
    assert books() == before
