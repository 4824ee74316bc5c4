"""What others do while a price changes, and who of them wins."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.db import connection, transaction
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.errors import PaymentInProgress
from orders.models import Order, OrderPriceChange, Payment
from orders.services.closing import order_cancel
from orders.services.repricing import Price
from orders.tests.conftest import stock_of
from orders.tests.gate import Turnstile
from orders.tests.repricing.prices import (
    assert_nothing_changed,
    attempts,
    pay,
    prepay_id,
    reprice,
)
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat import pay as wechat_pay

pytestmark = pytest.mark.usefixtures("audited")


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


def repricing_begun(order: Order, staff: User) -> Background:
    """Begin to reprice, and wait until the old payment is to be closed."""
    repricing = Background(lambda: reprice(order, staff, "0.00", "9.00"))
    repricing.wait_until(Payment.objects.filter(close_asked_at__isnull=False).exists)
    return repricing


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
    repricing = repricing_begun(order, staff)
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
    repricing = repricing_begun(order, staff)
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
    repricing = repricing_begun(order, staff)
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
    repricing = repricing_begun(order, staff)
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
    repricing = repricing_begun(order, staff)
    with transaction.atomic():
        for model in (Order, Payment):
            assert model.objects.select_for_update(nowait=True).get()
    turnstile.open()
    assert repricing.end() == "done"
