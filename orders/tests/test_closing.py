"""Cancelling and expiry: query, close at WeChat, only then release."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import session_open
from catalog.models import Product, Sku, StockMovement
from conftest import alone
from orders.errors import IllegalTransition
from orders.models import Order, OrderEvent, Payment, Refund
from orders.services import closing
from orders.services.closing import (
    FAILURES_MAX,
    Sweep,
    order_cancel_by_staff,
    orders_expire,
)
from orders.services.fulfilment import order_ship
from orders.services.placing import Destination, OrderRequest, order_place
from orders.services.quoting import Wish
from orders.tests.conftest import ADDRESS, line, paid_order, placed, stock_of
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


def cancel(api: APIClient, order_no: str, **body: Any) -> Any:
    return api.post(f"/api/orders/{order_no}/cancel", body, format="json")


def started(api: APIClient, product: Product, quantity: int = 1) -> tuple[str, str]:
    """Place an order and start to pay it; return both numbers."""
    order_no = placed(api, line(product, quantity))["orderNo"]
    assert api.post(f"/api/orders/{order_no}/pay").status_code == 200
    return order_no, Payment.objects.latest("pk").out_trade_no


def expire_all() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Order.objects.update(expires_at=past, due_at=past)


def trade_state(simulator: SimulatorProcess, out_trade_no: str) -> str:
    (state,) = (
        payment["tradeState"]
        for payment in simulator.state()["payments"]
        if payment["outTradeNo"] == out_trade_no
    )
    return str(state)


def test_cancel_without_an_attempt_is_immediate(
    shopper_api: APIClient, shopper: User, tea: Product, settings: Any
) -> None:
    # Nothing listens there: WeChat need not be asked.
    settings.WECHAT_PAY_BASE = "http://127.0.0.1:9"
    order_no = placed(shopper_api, line(tea, 4))["orderNo"]
    response = cancel(shopper_api, order_no, reason="<b>不想要了</b>")
    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["status"], data["closing"], data["actions"]) == (
        "cancelled",
        False,
        ["delete"],
    )
    assert data["cancelledAt"] is not None
    assert stock_of(tea) == 10
    event = OrderEvent.objects.latest("pk")
    assert (event.to_status, event.operator_id, event.reason) == (
        "cancelled",
        shopper.pk,
        "不想要了",
    )
    movement = StockMovement.objects.latest("pk")
    assert (movement.delta, movement.balance, movement.reason) == (
        4,
        10,
        "order_cancelled",
    )


def test_cancel_closes_the_attempt_at_wechat(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    assert cancel(wechat_api, order_no).json()["data"]["status"] == "cancelled"
    assert trade_state(simulator, out_trade_no) == "CLOSED"
    assert Payment.objects.get().state == "closed"
    assert stock_of(tea) == 10


def test_cancel_that_a_payment_overtakes_is_refused(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    """WeChat is too slow for the cancel's question, and tells of the payment itself."""
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault("query", "slow", 1, seconds=30)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(alone(cancel), wechat_api, order_no)
        while not Order.objects.get().is_closing:
            assert not answer.done()
        simulator.pay(out_trade_no)
        assert Order.objects.get().status == "paid"
        response = answer.result()
    assert response.status_code == 409
    assert response.json() == {
        "code": 409,
        "message": "订单无法取消",
        "data": {"error": "illegal_transition", "status": "paid"},
    }


def test_second_cancel_is_refused_and_gives_nothing_back(
    shopper_api: APIClient, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    cancel(shopper_api, order_no)
    response = cancel(shopper_api, order_no)
    assert response.status_code == 409
    assert response.json() == {
        "code": 409,
        "message": "订单无法取消",
        "data": {"error": "illegal_transition", "status": "cancelled"},
    }
    assert stock_of(tea) == 10


@pytest.mark.parametrize("status", ["shipped", "completed"])
def test_what_has_shipped_cannot_be_cancelled(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    shop_server: Any,
    tea: Product,
    status: str,
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.pay(out_trade_no)
    call = {"carrier": "SF", "tracking_no": "SF1", "operator_id": None}
    order_ship(order_id=Order.objects.get().pk, **call)
    if status == "completed":
        wechat_api.post(f"/api/orders/{order_no}/confirm")
    data = wechat_api.get(f"/api/orders/{order_no}").json()["data"]
    assert data["status"] == status
    assert "cancel" not in data["actions"]
    response = cancel(wechat_api, order_no)
    assert response.status_code == 409
    assert response.json()["data"]["status"] == status
    assert stock_of(tea) == 9


def test_cancel_finds_a_payment_whose_notification_was_lost(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault("notify", "never", 1)
    simulator.pay(out_trade_no)
    response = cancel(wechat_api, order_no)
    assert response.status_code == 409
    assert response.json()["data"] == {"error": "illegal_transition", "status": "paid"}
    assert Order.objects.get().status == "paid"
    assert Product.objects.get().sales == 1
    assert stock_of(tea) == 9


@pytest.mark.parametrize("route", ["query", "close"])
@pytest.mark.parametrize("kind", ["reset", "500", "html", "half_json"])
def test_cancel_waits_while_wechat_cannot_be_asked(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    tea: Product,
    route: str,
    kind: str,
) -> None:
    if (route, kind) == ("close", "half_json"):
        # A close has no body to halve: this is the close whose answer is dropped.
        kind = "drop_reply"
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault(route, kind, 1)
    response = cancel(wechat_api, order_no)
    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["status"], data["closing"], data["actions"]) == ("pending", True, [])
    assert stock_of(tea) == 9

    again = cancel(wechat_api, order_no)
    assert again.status_code == 409
    assert again.json()["data"] == {"error": "illegal_transition", "status": "pending"}
    assert wechat_api.post(f"/api/orders/{order_no}/pay").status_code == 409

    expire_all()
    assert orders_expire() == Sweep(cancelled=1)
    assert trade_state(simulator, out_trade_no) == "CLOSED"
    assert stock_of(tea) == 10
    event = OrderEvent.objects.latest("pk")
    assert (event.reason, event.operator_id) == (
        "买家取消",
        Order.objects.get().user_id,
    )


def test_payment_that_arrives_while_closing_is_taken(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault("query", "500", 1)
    assert cancel(wechat_api, order_no).json()["data"]["closing"] is True
    simulator.pay(out_trade_no)
    data = wechat_api.get(f"/api/orders/{order_no}").json()["data"]
    assert (data["status"], data["closing"]) == ("paid", False)
    expire_all()
    assert orders_expire() == Sweep()
    assert stock_of(tea) == 9


def staff_cancel(staff: User) -> Order:
    return order_cancel_by_staff(
        order_id=Order.objects.get().pk, operator_id=staff.pk, reason="缺货"
    )


def test_staff_cancel_as_the_shopper_does(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, staff: User
) -> None:
    _, out_trade_no = started(wechat_api, tea)
    assert staff_cancel(staff).status == "cancelled"
    assert trade_state(simulator, out_trade_no) == "CLOSED"
    assert stock_of(tea) == 10
    event = OrderEvent.objects.latest("pk")
    assert (event.to_status, event.operator, event.reason) == (
        "cancelled",
        staff,
        "缺货",
    )


def test_staff_who_may_cancel_do_not_give_money_back(
    shopper_api: APIClient, tea: Product, staff: User
) -> None:
    """The order was paid between the look at its page and the cancel."""
    paid_order(shopper_api, line(tea))
    with pytest.raises(IllegalTransition, match="订单无法取消"):
        staff_cancel(staff)
    order = Order.objects.get()
    assert (order.status, order.is_closing) == ("paid", False)
    assert not Refund.objects.exists()
    assert stock_of(tea) == 9


def test_staff_cancel_waits_for_wechat_too(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, staff: User
) -> None:
    started(wechat_api, tea)
    simulator.fault("query", "500", 1)
    order = staff_cancel(staff)
    assert (order.status, order.is_closing) == ("pending", True)
    assert stock_of(tea) == 9
    expire_all()
    assert orders_expire() == Sweep(cancelled=1)
    assert OrderEvent.objects.latest("pk").operator == staff


def test_staff_cannot_cancel_what_is_paid(
    shopper_api: APIClient, tea: Product, staff: User
) -> None:
    paid_order(shopper_api, line(tea))
    with pytest.raises(IllegalTransition, match="订单无法取消"):
        staff_cancel(staff)
    assert Order.objects.get().status == "paid"
    assert stock_of(tea) == 9


def test_shopper_and_staff_at_once_cancel_once(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    shop_server: Any,
    tea: Product,
    staff: User,
) -> None:
    order_no, _ = started(wechat_api, tea)
    together = threading.Barrier(2)

    def by_staff() -> None:
        with suppress(IllegalTransition):
            staff_cancel(staff)

    def run(work: Any) -> None:
        together.wait()
        work()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(alone(run), [by_staff, lambda: cancel(wechat_api, order_no)]))
    assert OrderEvent.objects.filter(to_status="cancelled").count() == 1
    assert stock_of(tea) == 10


def test_a_strangers_order_cannot_be_cancelled(
    shopper_api: APIClient, other_api: APIClient, tea: Product
) -> None:
    order_no = placed(shopper_api, line(tea))["orderNo"]
    assert cancel(other_api, order_no).status_code == 404
    assert Order.objects.get().status == "pending"


def test_sweep_ends_what_is_due_and_nothing_else(
    shopper_api: APIClient, other_api: APIClient, tea: Product
) -> None:
    due = placed(shopper_api, line(tea, 2))["orderNo"]
    fresh = placed(other_api, line(tea, 3))["orderNo"]
    Order.objects.filter(order_no=due).update(due_at=timezone.now())
    assert orders_expire() == Sweep(cancelled=1)
    assert Order.objects.get(order_no=due).status == "cancelled"
    assert Order.objects.get(order_no=fresh).status == "pending"
    assert stock_of(tea) == 7
    event = OrderEvent.objects.latest("pk")
    assert (event.reason, event.operator_id) == ("超时未付款", None)
    assert orders_expire() == Sweep()


def test_sweep_takes_a_payment_whose_notification_was_lost(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    _, out_trade_no = started(wechat_api, tea)
    simulator.fault("notify", "never", 1)
    simulator.pay(out_trade_no)
    expire_all()
    assert orders_expire() == Sweep(paid=1)
    assert Order.objects.get().status == "paid"


def test_sweep_closes_attempts_at_wechat_first(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    _, out_trade_no = started(wechat_api, tea)
    expire_all()
    assert orders_expire() == Sweep(cancelled=1)
    assert trade_state(simulator, out_trade_no) == "CLOSED"


def test_attempt_that_wechat_never_heard_of_is_released(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    simulator.fault("prepay", "500", 1)
    assert wechat_api.post(f"/api/orders/{order_no}/pay").status_code == 503
    assert cancel(wechat_api, order_no).json()["data"]["status"] == "cancelled"
    assert stock_of(tea) == 10


def test_sweep_stops_asking_a_wechat_that_is_away(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    for _ in range(FAILURES_MAX + 2):
        started(wechat_api, tea)
    expire_all()
    simulator.fault("query", "500", 100)
    assert orders_expire() == Sweep(waiting=FAILURES_MAX + 2)
    assert set(Order.objects.values_list("status", flat=True)) == {"pending"}
    assert stock_of(tea) == 5
    # Leased: the next sweep leaves them alone until their time comes again.
    simulator.clear_faults()
    assert orders_expire() == Sweep()
    expire_all()
    assert orders_expire() == Sweep(cancelled=FAILURES_MAX + 2)
    assert stock_of(tea) == 10


def test_more_orders_than_a_batch_are_all_ended(
    shopper: User, product_make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "BATCH_SIZE", 10)
    product = product_make(stock=500)
    request = OrderRequest([Wish(product.pk, None, 1)], Destination(**ADDRESS))
    for _ in range(25):
        order_place(user_id=shopper.pk, request=request)
    expire_all()
    assert orders_expire() == Sweep(cancelled=25)
    assert stock_of(product) == 500


def test_sweeps_and_cancels_at_once_give_the_stock_back_once(
    transactional_db: None, patient_database: None, wechat_api: APIClient, tea: Product
) -> None:
    numbers = [started(wechat_api, tea)[0] for _ in range(5)]
    expire_all()
    together = threading.Barrier(9)

    @alone
    def work(number: str | None) -> int:
        together.wait()
        if number:
            status: int = cancel(wechat_api, number).status_code
            return status
        orders_expire()
        return 0

    with ThreadPoolExecutor(9) as pool:
        statuses = set(pool.map(work, [*numbers, None, None, None, None]))
    # A cancel comes before the sweeps or after them.
    assert statuses <= {0, 200, 409}
    expire_all()
    orders_expire()
    assert set(Order.objects.values_list("status", flat=True)) == {"cancelled"}
    assert Sku.objects.get().stock == 10
    assert OrderEvent.objects.filter(to_status="cancelled").count() == 5


def test_command_runs_the_sweep(
    shopper_api: APIClient, tea: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    placed(shopper_api, line(tea))
    expire_all()
    call_command("orders_expire")
    assert capsys.readouterr().out == "cancelled 1, paid 0, waiting 0\n"


def lock_of(product: Product) -> None:
    list(Sku.objects.select_for_update().filter(product=product))


def test_locked_stock_leaves_a_cancel_to_be_tried_again(
    shop_server: Any, shopper_api: APIClient, tea: Product, shopper: User
) -> None:
    """Refused as busy, nothing has happened: the order is not left closing."""
    order_no = placed(shopper_api, line(tea))["orderNo"]
    headers = {"Authorization": f"Bearer {session_open(user=shopper).token}"}
    url = f"{shop_server.url}/api/orders/{order_no}/cancel"
    with transaction.atomic():
        lock_of(tea)
        answer = requests.post(url, json={}, headers=headers, timeout=30)
    assert answer.status_code == 503
    assert Order.objects.get().closing_at is None
    assert requests.post(url, json={}, headers=headers, timeout=30).status_code == 200
    assert stock_of(tea) == 10


def test_locked_stock_leaves_a_closed_attempt_to_the_sweep(
    transactional_db: None,
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    tea: Product,
) -> None:
    """WeChat has closed it already: it goes on from there by itself."""
    order_no, out_trade_no = started(wechat_api, tea)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock_of(tea)
        answer = pool.submit(alone(cancel), wechat_api, order_no).result()
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["status"], data["closing"]) == ("pending", True)
    assert trade_state(simulator, out_trade_no) == "CLOSED"
    assert (stock_of(tea), Payment.objects.get().state) == (9, "open")
    assert orders_expire(now=Order.objects.get().due_at) == Sweep(cancelled=1)
    assert stock_of(tea) == 10


def test_order_that_another_holds_is_not_waited_for(
    transactional_db: None, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    held = placed(shopper_api, line(tea))["orderNo"]
    placed(shopper_api, line(cup))
    expire_all()
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        list(Order.objects.select_for_update().filter(order_no=held))
        assert pool.submit(alone(orders_expire)).result() == Sweep(cancelled=1)
    assert (stock_of(tea), stock_of(cup)) == (9, 5)
    assert orders_expire() == Sweep(cancelled=1)


def test_one_locked_order_holds_up_no_other(
    transactional_db: None, shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    for product in (tea, cup):
        placed(shopper_api, line(product))
    expire_all()
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock_of(tea)
        sweep = pool.submit(alone(orders_expire)).result()
    assert sweep == Sweep(cancelled=1, waiting=1)
    assert (stock_of(tea), stock_of(cup)) == (9, 5)
    expire_all()
    assert orders_expire() == Sweep(cancelled=1)


def test_orders_that_wechat_never_heard_of_do_not_wait_for_it(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, cup: Product
) -> None:
    for _ in range(FAILURES_MAX + 1):
        started(wechat_api, tea)
    for _ in range(4):
        placed(wechat_api, line(cup))
    expire_all()
    simulator.fault("query", "500", 100)
    assert orders_expire() == Sweep(cancelled=4, waiting=FAILURES_MAX + 1)
    assert stock_of(cup) == 5


def test_closing_orders_are_tried_ever_more_seldom(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    started(wechat_api, tea)
    simulator.fault("query", "500", 100)
    now = Order.objects.get().expires_at
    waits = []
    for _ in range(10):
        assert orders_expire(now=now) == Sweep(waiting=1)
        due_at = Order.objects.get().due_at
        waits.append(int((due_at - now).total_seconds()))
        now = due_at
    assert waits == [60, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_404_that_is_not_wechats_frees_nothing(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, settings: Any
) -> None:
    """A proxy's or a wrong path's 404 says nothing about the payment."""
    order_no, _ = started(wechat_api, tea)
    settings.WECHAT_PAY_BASE = f"{simulator.base_url}/no-such-path"
    data = cancel(wechat_api, order_no).json()["data"]
    assert (data["status"], data["closing"]) == ("pending", True)
    assert stock_of(tea) == 9
