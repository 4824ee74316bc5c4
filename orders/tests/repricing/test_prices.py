"""A new price closes the old payment at WeChat first."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.errors import IllegalTransition, OrderExpired, PriceChanged
from orders.models import Order, OrderEvent, OrderPriceChange, Payment
from orders.services.quoting import AMOUNT_MAX
from orders.services.repricing import Price
from orders.tests.conftest import line, paid_order
from orders.tests.repricing.prices import (
    AS_PLACED,
    assert_nothing_changed,
    attempts,
    pay,
    prepay_id,
    prices,
    reprice,
)
from shop.devstack.simulator.process import SimulatorProcess
from shop.errors import Invalid
from shop.wechat import pay as wechat_pay
from shop.wechat.errors import WeChatUnavailable

pytestmark = pytest.mark.usefixtures("audited")


def test_order_without_an_attempt_is_repriced_at_once(
    wechat_api: APIClient, order: Order, staff: User, settings: Any
) -> None:
    # Nothing listens there: WeChat need not be asked.
    settings.WECHAT_PAY_BASE = "http://127.0.0.1:9"
    reprice(order, staff, "8.00", "20.50")
    data = wechat_api.get(f"/api/orders/{order.order_no}").json()["data"]
    assert (data["freightAmount"], data["discountAmount"], data["totalAmount"]) == (
        "8.00",
        "20.50",
        "86.50",
    )
    change = OrderPriceChange.objects.get()
    assert (change.old_total_amount, change.new_total_amount) == (
        Decimal("99.00"),
        Decimal("86.50"),
    )
    assert (change.operator, change.reason) == (staff, "老顾客")
    assert OrderEvent.objects.count() == 1


def test_open_attempt_is_closed_at_wechat_and_the_new_price_is_paid(
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    shop_server: Any,
) -> None:
    old = prepay_id(pay(wechat_api, order))
    reprice(order, staff, "0.00", "9.00")
    assert attempts(simulator, order) == [(9900, "CLOSED")]
    assert Payment.objects.get().state == "closed"
    with pytest.raises(requests.HTTPError, match="409"):
        simulator.pay(prepay_id=old)

    simulator.pay(prepay_id=prepay_id(pay(wechat_api, order)))
    assert Order.objects.get().status == "paid"
    assert attempts(simulator, order) == [(9900, "CLOSED"), (9000, "SUCCESS")]


def test_payment_whose_notification_was_lost_is_taken_and_wins(
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    shop_server: Any,
) -> None:
    old = prepay_id(pay(wechat_api, order))
    simulator.fault("notify", "never", 1)
    simulator.pay(prepay_id=old)
    with pytest.raises(IllegalTransition, match="买家已付款,不能改价"):
        reprice(order, staff, "0.00", "9.00")
    assert Order.objects.get().status == "paid"
    assert_nothing_changed()


@pytest.mark.parametrize(
    ("route", "kind"),
    [
        ("query", "500"),
        ("query", "half_json"),
        ("close", "reset"),
        ("close", "html"),
        ("close", "drop_reply"),
    ],
)
def test_wechat_away_changes_nothing_and_the_order_stays_payable(
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    shop_server: Any,
    route: str,
    kind: str,
) -> None:
    """Also when the close was heard and its answer lost: that attempt is dead."""
    pay(wechat_api, order)
    simulator.fault(route, kind, 1)
    with pytest.raises(WeChatUnavailable, match="价格未改"):
        reprice(order, staff, "0.00", "9.00")
    assert_nothing_changed()
    assert Payment.objects.get().state == "open"

    simulator.pay(prepay_id=prepay_id(pay(wechat_api, order)))
    assert Order.objects.get().status == "paid"
    paid = (9900, "SUCCESS")
    was_closed = kind == "drop_reply"
    expected = [(9900, "CLOSED"), paid] if was_closed else [paid]
    assert attempts(simulator, order) == expected


def test_repricing_that_was_cut_off_is_repeated(
    wechat_api: APIClient, order: Order, staff: User, simulator: SimulatorProcess
) -> None:
    pay(wechat_api, order)
    simulator.fault("close", "drop_reply", 1)
    with pytest.raises(WeChatUnavailable):
        reprice(order, staff, "0.00", "9.00")
    reprice(order, staff, "0.00", "9.00")
    assert Payment.objects.get().state == "closed"
    assert Order.objects.get().total_amount == Decimal("90.00")


def test_control_without_its_mark_a_closed_attempt_leaves_dead_parameters(
    wechat_api: APIClient, order: Order, simulator: SimulatorProcess
) -> None:
    """What close_asked_at is for: an attempt closed behind our back."""
    pay(wechat_api, order)
    wechat_pay.close(Payment.objects.get().out_trade_no)
    dead = prepay_id(pay(wechat_api, order))
    with pytest.raises(requests.HTTPError, match="409"):
        simulator.pay(prepay_id=dead)
    Payment.objects.update(close_asked_at=timezone.now())
    assert prepay_id(pay(wechat_api, order)) != dead


@pytest.mark.parametrize(
    ("freight", "discount", "message"),
    [
        ("-0.01", "0.00", "运费和优惠不能小于0"),
        ("0.00", "-0.01", "运费和优惠不能小于0"),
        ("0.00", "99.00", "应付金额不能小于0.01"),
        ("0.00", "500.00", "应付金额不能小于0.01"),
        (str(AMOUNT_MAX - 99 + Decimal("0.01")), "0.00", "应付金额不能大于21474836.47"),
        ("0.00", "0.00", "价格没有变化"),
    ],
)
def test_prices_that_cannot_be_are_refused(
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    freight: str,
    discount: str,
    message: str,
) -> None:
    pay(wechat_api, order)
    with pytest.raises(Invalid, match=message):
        reprice(order, staff, freight, discount)
    assert_nothing_changed()
    assert attempts(simulator, order) == [(9900, "NOTPAY")]


@pytest.mark.parametrize(
    ("freight", "discount", "total"),
    [
        ("0.00", "98.99", Decimal("0.01")),
        (str(AMOUNT_MAX - 99), "0.00", AMOUNT_MAX),
        ("12.00", "12.00", Decimal("99.00")),
    ],
)
def test_prices_at_the_edge_are_taken(
    order: Order, staff: User, freight: str, discount: str, total: Decimal
) -> None:
    assert reprice(order, staff, freight, discount).total_amount == total
    assert Order.objects.get().total_amount == total


def test_only_an_unpaid_order_is_repriced(
    shopper_api: APIClient, tea: Product, staff: User, order: Order
) -> None:
    paid = paid_order(shopper_api, line(tea))
    with pytest.raises(IllegalTransition, match="订单待发货,不能改价"):
        reprice(paid, staff, "0.00", "9.00")
    Order.objects.filter(pk=order.pk).update(closing_at=timezone.now())
    with pytest.raises(IllegalTransition, match="订单关闭中,不能改价"):
        reprice(order, staff, "0.00", "9.00")
    Order.objects.filter(pk=order.pk).update(
        closing_at=None, expires_at=timezone.now() - timedelta(seconds=1)
    )
    with pytest.raises(OrderExpired, match="订单已超时,不能改价"):
        reprice(order, staff, "0.00", "9.00")
    assert prices() == AS_PLACED * 2
    assert not OrderPriceChange.objects.exists()


def test_price_that_somebody_else_has_changed_is_not_overwritten(
    order: Order, staff: User
) -> None:
    reprice(order, staff, "5.00", "5.00")
    with pytest.raises(PriceChanged, match="订单价格已变化,请刷新后重试"):
        reprice(order, staff, "0.00", "9.00")
    assert OrderPriceChange.objects.count() == 1
    assert Order.objects.get().total_amount == Decimal("99.00")
    seen = Price(Decimal("5.00"), Decimal("5.00"))
    reprice(order, staff, "0.00", "9.00", seen)
    assert Order.objects.get().total_amount == Decimal("90.00")
