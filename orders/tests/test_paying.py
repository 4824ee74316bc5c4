"""POST /api/orders/{orderNo}/pay, and what WeChat tells us afterwards."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from conftest import PATIENCE_SECONDS, alone
from orders.models import Order, OrderEvent, Payment
from orders.services.closing import order_cancel
from orders.tests.conftest import line, placed, stock_of, transactions_of_others
from orders.tests.gate import Gate
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


def pay(api: APIClient, order_no: str) -> Any:
    return api.post(f"/api/orders/{order_no}/pay", format="json")


def of(simulator: SimulatorProcess, order_no: str) -> list[dict[str, Any]]:
    """Return what WeChat's books hold of an order."""
    return [
        payment
        for payment in simulator.state()["payments"]
        if payment["outTradeNo"].startswith(order_no)
    ]


def test_parameters_are_signed_by_the_merchant(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, settings: Any
) -> None:
    order_no = placed(wechat_api, line(tea, 2))["orderNo"]
    response = pay(wechat_api, order_no)
    assert response.status_code == 200
    data = response.json()["data"]
    assert data.keys() == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert data["signType"] == "RSA"
    assert len(data["nonceStr"]) <= 32
    text = (
        f"{settings.WECHAT_APPID}\n{data['timeStamp']}\n"
        f"{data['nonceStr']}\n{data['package']}\n"
    )
    key = load_pem_private_key(settings.WECHAT_MERCHANT_PRIVATE_KEY.encode(), None)
    signature = base64.b64decode(data["paySign"])
    key.public_key().verify(signature, text.encode(), PKCS1v15(), SHA256())
    (known,) = of(simulator, order_no)
    assert known["tradeState"] == "NOTPAY"
    assert known["total"] == 19800
    assert data["package"] == f"prepay_id={known['prepayId']}"


def test_paying_twice_is_one_attempt_with_fresh_parameters(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    first, second = (pay(wechat_api, order_no).json()["data"] for _ in range(2))
    assert first["package"] == second["package"]
    assert first["nonceStr"] != second["nonceStr"]
    assert Payment.objects.count() == 1
    assert len(of(simulator, order_no)) == 1


def test_notification_makes_the_order_paid_once(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea, 3))["orderNo"]
    pay(wechat_api, order_no)
    out_trade_no = Payment.objects.get().out_trade_no
    transaction_id = simulator.pay(out_trade_no)

    data = wechat_api.get(f"/api/orders/{order_no}").json()["data"]
    assert (data["status"], data["actions"]) == ("paid", ["cancel", "refund"])
    assert data["paidAt"] is not None
    payment = Payment.objects.get()
    assert (payment.state, payment.transaction_id) == ("succeeded", transaction_id)
    assert payment.facts["amount"]["total"] == 29700
    assert Product.objects.get().sales == 3

    for _ in range(3):
        simulator.notify(out_trade_no)
    assert Product.objects.get().sales == 3
    events = OrderEvent.objects.values_list("from_status", "to_status")
    assert list(events) == [("", "pending"), ("pending", "paid")]
    assert pay(wechat_api, order_no).status_code == 409


def test_lost_prepay_answer_is_asked_for_again_under_one_number(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    simulator.fault("prepay", "drop_reply", 1)
    response = pay(wechat_api, order_no)
    assert response.status_code == 503
    assert response.json()["data"] == {"error": "wechat_unavailable"}
    assert response["Retry-After"] == "5"
    assert pay(wechat_api, order_no).status_code == 200
    assert len(of(simulator, order_no)) == 1
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("kind", ["reset", "500", "html", "half_json"])
def test_wechat_in_trouble_is_503_and_the_order_stays_payable(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, kind: str
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    simulator.fault("prepay", kind, 1)
    response = pay(wechat_api, order_no)
    assert response.status_code == 503
    assert response.json()["data"] == {"error": "wechat_unavailable"}
    assert pay(wechat_api, order_no).status_code == 200


@pytest.fixture
def gate(simulator: SimulatorProcess, settings: Any) -> Iterator[Gate]:
    made = Gate(simulator.base_url)
    settings.WECHAT_PAY_BASE = made.url
    yield made
    made.opened.set()
    made.server.shutdown()
    made.server.server_close()


def test_no_transaction_is_open_while_wechat_is_asked(
    transactional_db: None, wechat_api: APIClient, gate: Gate, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(alone(pay), wechat_api, order_no)
        assert gate.reached.wait(PATIENCE_SECONDS)
        assert transactions_of_others() == 0
        gate.opened.set()
        assert answer.result().status_code == 200


def test_cancel_during_prepay_wins(
    transactional_db: None,
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    gate: Gate,
    tea: Product,
    settings: Any,
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    order = Order.objects.get()
    with ThreadPoolExecutor(1) as pool:
        paid = pool.submit(alone(pay), wechat_api, order_no)
        assert gate.reached.wait(PATIENCE_SECONDS)
        settings.WECHAT_PAY_BASE = simulator.base_url
        order_cancel(order_no=order_no, user_id=order.user_id)
        gate.opened.set()
        answer = paid.result()
    assert answer.status_code == 409
    assert answer.json()["data"] == {
        "error": "illegal_transition",
        "status": "cancelled",
    }
    assert stock_of(tea) == 10
    # Announced after the cancel had closed the number, and closed again.
    assert [p["tradeState"] for p in of(simulator, order_no)] == ["CLOSED"]


def test_expired_order_is_not_payable(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = pay(wechat_api, order_no)
    assert response.status_code == 409
    assert response.json()["data"] == {"error": "order_expired"}
    assert of(simulator, order_no) == []


def test_order_in_its_last_minute_is_payable(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    Order.objects.update(expires_at=timezone.now() + timedelta(seconds=20))
    assert pay(wechat_api, order_no).status_code == 200


def test_attempt_that_wechat_may_not_know_is_not_repeated_too_late(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    simulator.fault("prepay", "500", 1)
    assert pay(wechat_api, order_no).status_code == 503
    soon = timezone.now() + timedelta(seconds=40)
    Order.objects.update(expires_at=soon)
    Payment.objects.update(expires_at=soon)
    response = pay(wechat_api, order_no)
    assert response.status_code == 409
    assert response.json()["data"] == {"error": "order_expired"}


def test_expired_order_does_not_offer_to_pay(
    wechat_api: APIClient, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    Order.objects.update(expires_at=timezone.now())
    data = wechat_api.get(f"/api/orders/{order_no}").json()["data"]
    assert data["actions"] == ["cancel"]


def test_attempt_expires_with_its_order(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    pay(wechat_api, order_no)
    assert Payment.objects.get().expires_at == Order.objects.get().expires_at


def test_attempt_expires_at_wechat_too(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    pay(wechat_api, placed(wechat_api, line(tea))["orderNo"])
    payment = Payment.objects.get()
    seconds = (payment.expires_at - timezone.now()).total_seconds()
    # Sent in its right time it would be tried again and again.
    simulator.fault("notify", "never")
    simulator.shift_clock(seconds + 2)
    with pytest.raises(requests.HTTPError, match="409"):
        simulator.pay(payment.out_trade_no)
    simulator.shift_clock(seconds - 60)
    assert simulator.pay(payment.out_trade_no)


def test_prepay_id_is_used_for_a_hundred_minutes(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product, settings: Any
) -> None:
    """WeChat keeps it for two hours."""
    settings.ORDER_PAY_MINUTES = 180
    order_no = placed(wechat_api, line(tea))["orderNo"]
    first = pay(wechat_api, order_no).json()["data"]["package"]
    for minutes, is_kept in ((99, True), (101, False)):
        prepay_at = timezone.now() - timedelta(minutes=minutes)
        Payment.objects.update(prepay_at=prepay_at)
        again = pay(wechat_api, order_no).json()["data"]["package"]
        assert (again == first) is is_kept
    (known,) = of(simulator, order_no)
    assert again == f"prepay_id={known['prepayId']}"
    assert Payment.objects.get().prepay_at > prepay_at


def test_a_strangers_order_cannot_be_paid(
    wechat_api: APIClient,
    other_api: APIClient,
    simulator: SimulatorProcess,
    tea: Product,
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    response = pay(other_api, order_no)
    assert response.status_code == 404
    assert response.json()["message"] == "订单不存在"
    assert Payment.objects.count() == 0
