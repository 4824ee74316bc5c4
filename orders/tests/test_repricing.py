"""A new price for an unpaid order: nobody can pay the old one afterwards."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.errors import (
    IllegalTransition,
    OrderExpired,
    PaymentInProgress,
    PriceChanged,
)
from orders.models import Order, OrderEvent, OrderPriceChange, Payment
from orders.services.closing import order_cancel
from orders.services.quoting import AMOUNT_MAX
from orders.services.repricing import Price, order_reprice
from orders.tests.conftest import line, paid_order, placed, stock_of
from orders.tests.gate import Turnstile
from shop.devstack.simulator.process import SimulatorProcess
from shop.errors import Invalid
from shop.wechat import pay as wechat_pay
from shop.wechat.errors import WeChatUnavailable

pytestmark = pytest.mark.usefixtures("audited")

FREE = Price(Decimal("0.00"), Decimal("0.00"))


@pytest.fixture
def order(wechat_api: APIClient, tea: Product) -> Order:
    """An unpaid order of 99.00, whose shopper WeChat knows."""
    return Order.objects.get(order_no=placed(wechat_api, line(tea))["orderNo"])


def reprice(
    order: Order, staff: User, freight: str, discount: str, seen: Price = FREE
) -> Order:
    return order_reprice(
        order_id=order.pk,
        seen=seen,
        new=Price(Decimal(freight), Decimal(discount)),
        operator_id=staff.pk,
        reason="老顾客",
    )


def pay(api: APIClient, order: Order) -> Any:
    return api.post(f"/api/orders/{order.order_no}/pay")


def prepay_id(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.json()["data"]["package"].removeprefix("prepay_id="))


def prices() -> list[tuple[Any, ...]]:
    """Read every order's amounts."""
    amounts = ("goods_amount", "freight_amount", "discount_amount", "total_amount")
    return list(Order.objects.order_by("pk").values_list(*amounts))


AS_PLACED = [(Decimal("99.00"), Decimal("0.00"), Decimal("0.00"), Decimal("99.00"))]


def assert_nothing_changed() -> None:
    assert prices() == AS_PLACED
    assert not OrderPriceChange.objects.exists()


def attempts(simulator: SimulatorProcess, order: Order) -> list[tuple[int, str]]:
    """List what WeChat knows of the order: fen and state of each attempt."""
    return [
        (payment["total"], payment["tradeState"])
        for payment in simulator.state()["payments"]
        if payment["outTradeNo"].startswith(order.order_no)
    ]


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


def at_once(*works: Callable[[], Any]) -> list[str]:
    """Run all at once; return what each came to, sorted."""
    together = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> str:
        together.wait()
        return outcome(work)

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(run, works))


def outcome(work: Callable[[], Any]) -> str:
    try:
        work()
    except Exception as error:
        return type(error).__name__
    finally:
        connection.close()
    return "done"


def test_clerks_at_once_have_one_winner(
    shop_server: Any,
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
) -> None:
    pay(wechat_api, order)
    works = [lambda n=n: reprice(order, staff, "0.00", f"{n}.00") for n in (1, 2, 3)]
    assert at_once(*works) == ["PriceChanged", "PriceChanged", "done"]
    change = OrderPriceChange.objects.get()
    assert Order.objects.get().total_amount == change.new_total_amount
    assert attempts(simulator, order) == [(9900, "CLOSED")]


class Background:
    """Reprice in a thread of its own, held up by WeChat."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.ended_as = ""
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        self.ended_as = outcome(work)

    def wait_until(self, happened: Callable[[], bool]) -> None:
        while not happened():
            assert self._thread.is_alive()
            self._thread.join(0.02)

    def end(self) -> str:
        self._thread.join()
        return self.ended_as


def is_asked_to_close() -> bool:
    return Payment.objects.filter(close_asked_at__isnull=False).exists()


def test_repricing_during_a_slow_prepay_wins(
    shop_server: Any,
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    turnstile: Turnstile,
) -> None:
    """WeChat hears of the old price after it was asked to close it."""
    answers = []
    turnstile.stop("before", "prepay")
    paying = Background(lambda: answers.append(pay(wechat_api, order)))
    paying.wait_until(Payment.objects.exists)
    reprice(order, staff, "0.00", "9.00")
    assert attempts(simulator, order) == []
    turnstile.open()
    assert paying.end() == "done"
    assert answers[0].status_code == 409
    assert answers[0].json() == {
        "code": 409,
        "message": "订单价格已变化,请刷新后重试",
        "data": {"error": "price_changed"},
    }
    assert Payment.objects.get().prepay_id == ""
    assert attempts(simulator, order) == [(9900, "CLOSED")]

    simulator.pay(prepay_id=prepay_id(pay(wechat_api, order)))
    assert Order.objects.get().status == "paid"


def test_a_price_that_is_back_revives_no_closed_attempt(
    shop_server: Any,
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    turnstile: Turnstile,
) -> None:
    """During a slow prepay, away and back: the amount is right, the number is dead."""
    answers = []
    turnstile.stop("before", "prepay")
    paying = Background(lambda: answers.append(pay(wechat_api, order)))
    paying.wait_until(Payment.objects.exists)
    reprice(order, staff, "0.00", "9.00")
    cheaper = Price(Decimal("0.00"), Decimal("9.00"))
    reprice(order, staff, "0.00", "0.00", seen=cheaper)
    turnstile.open()
    assert paying.end() == "done"
    assert answers[0].status_code == 409
    assert answers[0].json()["data"] == {"error": "price_changed"}
    payment = Payment.objects.get()
    assert (payment.state, payment.prepay_id) == ("closed", "")
    assert attempts(simulator, order) == [(9900, "CLOSED")]


def test_parameters_handed_out_while_wechat_closes_are_dead(
    shop_server: Any,
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    turnstile: Turnstile,
) -> None:
    pay(wechat_api, order)
    turnstile.stop("before", "close")
    repricing = Background(lambda: reprice(order, staff, "0.00", "9.00"))
    repricing.wait_until(is_asked_to_close)
    old = prepay_id(pay(wechat_api, order))
    turnstile.open()
    assert repricing.end() == "done"
    with pytest.raises(requests.HTTPError, match="409"):
        simulator.pay(prepay_id=old)
    simulator.pay(prepay_id=prepay_id(pay(wechat_api, order)))
    assert attempts(simulator, order) == [(9900, "CLOSED"), (9000, "SUCCESS")]


def test_paying_while_wechat_closes_wins(
    shop_server: Any,
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    turnstile: Turnstile,
) -> None:
    old = prepay_id(pay(wechat_api, order))
    turnstile.stop("before", "close")
    repricing = Background(lambda: reprice(order, staff, "0.00", "9.00"))
    repricing.wait_until(is_asked_to_close)
    simulator.pay(prepay_id=old)
    turnstile.open()
    assert repricing.end() == "IllegalTransition"
    assert Order.objects.get().status == "paid"
    assert_nothing_changed()


def test_attempt_that_wechat_was_not_asked_about_keeps_its_price(
    shop_server: Any,
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    turnstile: Turnstile,
) -> None:
    """The first attempt is closed already; the shopper begins another meanwhile."""
    pay(wechat_api, order)
    wechat_pay.close(Payment.objects.get().out_trade_no)
    turnstile.stop("before", "query")
    repricing = Background(lambda: reprice(order, staff, "0.00", "9.00"))
    repricing.wait_until(is_asked_to_close)
    old = prepay_id(pay(wechat_api, order))
    turnstile.open()
    assert repricing.end() == PaymentInProgress.__name__
    assert_nothing_changed()
    simulator.pay(prepay_id=old)
    assert Order.objects.get().status == "paid"


def test_cancel_while_wechat_is_asked_wins(
    shop_server: Any,
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    turnstile: Turnstile,
    tea: Product,
) -> None:
    pay(wechat_api, order)
    turnstile.stop("before", "query")
    repricing = Background(lambda: reprice(order, staff, "0.00", "9.00"))
    repricing.wait_until(is_asked_to_close)
    order_cancel(order_no=order.order_no, user_id=order.user_id)
    turnstile.open()
    assert repricing.end() == "IllegalTransition"
    assert Order.objects.get().status == "cancelled"
    assert_nothing_changed()
    assert stock_of(tea) == 10


def test_no_lock_is_held_while_wechat_is_asked(
    shop_server: Any,
    wechat_api: APIClient,
    order: Order,
    staff: User,
    simulator: SimulatorProcess,
    turnstile: Turnstile,
) -> None:
    pay(wechat_api, order)
    turnstile.stop("before", "query")
    repricing = Background(lambda: reprice(order, staff, "0.00", "9.00"))
    repricing.wait_until(is_asked_to_close)
    with transaction.atomic():
        for model in (Order, Payment):
            assert model.objects.select_for_update(nowait=True).get()
    turnstile.open()
    assert repricing.end() == "done"
