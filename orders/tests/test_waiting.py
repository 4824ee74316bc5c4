"""With a WeChat that never comes to an end, requests do; and hold nothing meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from rest_framework.test import APIClient

from catalog.models import Product
from conftest import PATIENCE_SECONDS, wait_until
from orders.models import Order, Payment, PaymentState
from orders.tests.conftest import line, placed, stock_of, transactions_of_others
from shop.wechat.tests.dripping import DrippingServer

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def dripping() -> Iterator[DrippingServer]:
    with DrippingServer() as server:
        yield server


def test_no_request_waits_for_ever(
    shop_server: Any,
    wechat_api: APIClient,
    tea: Product,
    dripping: DrippingServer,
    settings: Any,
) -> None:
    """No socket times out, so only the request's own time can end these."""
    to_pay, to_cancel = (placed(wechat_api, line(tea))["orderNo"] for _ in range(2))
    assert wechat_api.post(f"/api/orders/{to_cancel}/pay").status_code == 200
    settings.WECHAT_API_BASE = settings.WECHAT_PAY_BASE = dripping.url

    def post(path: str, body: dict[str, str]) -> requests.Response:
        return requests.post(
            shop_server.url + path,
            json=body,
            headers={"Authorization": wechat_api._credentials["HTTP_AUTHORIZATION"]},
            timeout=PATIENCE_SECONDS,
        )

    asked: list[tuple[str, dict[str, str]]] = [
        ("/api/auth/login", {"code": "sim-ann"}),
        ("/api/auth/phone", {"code": "simphone-13800138000"}),
        (f"/api/orders/{to_pay}/pay", {}),
        (f"/api/orders/{to_cancel}/cancel", {}),
    ]
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = [pool.submit(post, *each) for each in asked]
        wait_until(lambda: len(dripping.asked) == len(asked))
        assert transactions_of_others() == 0
        statuses = [answer.result().status_code for answer in answers]
    assert statuses == [503, 503, 503, 200]
    cancelled = answers[3].result().json()["data"]
    assert (cancelled["status"], cancelled["closing"]) == ("pending", True)
    # The query took all the time there was; nobody closed what it did not tell.
    query = (
        f"/out-trade-no/{Payment.objects.get(order__order_no=to_cancel).out_trade_no}"
    )
    assert [path for path in dripping.asked if "out-trade-no" in path] == [
        f"/v3/pay/transactions{query}"
    ]
    assert stock_of(tea) == 8
    assert (
        list(Payment.objects.values_list("state", flat=True)) == [PaymentState.OPEN] * 2
    )
    assert Order.objects.get(order_no=to_pay).closing_at is None
