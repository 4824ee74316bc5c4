"""A shopper's whole path over real HTTP, WeChat's answers included."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from catalog.models import Product
from orders.models import Order, Payment
from orders.services.fulfilment import order_ship
from orders.tests.conftest import ADDRESS, stock_of
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


class Shopper:
    """A mini-program as far as the shop can tell."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = requests.Session()

    def call(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        response = self.http.request(
            method, f"{self.base}{path}", json=body or None, timeout=30
        )
        assert response.status_code == status, response.text
        answer = response.json()
        assert answer.keys() == {"code", "message", "data"}
        assert response.headers["X-Request-ID"]
        return answer["data"]

    def login(self, code: str) -> dict[str, Any]:
        session: dict[str, Any] = self.call("POST", "/api/auth/login", code=code)
        self.http.headers["Authorization"] = f"Bearer {session['token']}"
        return session


def test_from_login_to_receipt(
    shop_server: Any,
    simulator: SimulatorProcess,
    product_make: Callable[..., Product],
    caplog: pytest.LogCaptureFixture,
    settings: Any,
) -> None:
    caplog.set_level("DEBUG", "shop")
    tea = product_make("西湖龙井", price="128.00", stock=3)
    product_make("普洱茶", price="88.00")
    shopper = Shopper(shop_server.url)

    session = shopper.login("sim-alice")
    assert session["isNew"] is True
    shopper.call("PUT", "/api/auth/user", nickname="爱喝茶", phone="13900139000")
    address = shopper.call("POST", "/api/addresses", 201, **ADDRESS, isDefault=True)

    found = shopper.call("GET", "/api/products?keyword=龙")["list"]
    assert [product["name"] for product in found] == ["西湖龙井"]
    product = shopper.call("GET", f"/api/products/{found[0]['id']}")
    wish = {"productId": product["id"], "skuId": product["skus"][0]["id"]}
    items = [{**wish, "quantity": 2}]

    quote = shopper.call("POST", "/api/orders/preview", items=items)
    assert quote["totalAmount"] == "256.00"
    order = shopper.call(
        "POST", "/api/orders", 201, items=items, addressId=address["id"]
    )
    assert (order["status"], order["totalAmount"]) == ("pending", "256.00")
    assert stock_of(tea) == 1

    parameters = shopper.call("POST", f"/api/orders/{order['orderNo']}/pay")
    simulator.pay(prepay_id=parameters["package"].removeprefix("prepay_id="))
    order = shopper.call("GET", f"/api/orders/{order['orderNo']}")
    assert order["status"] == "paid"
    assert shopper.call("GET", f"/api/products/{tea.pk}")["sales"] == 2

    order_ship(
        order_id=Order.objects.get().pk,
        carrier="SF",
        tracking_no="SF1",
        operator_id=None,
    )
    order = shopper.call("POST", f"/api/orders/{order['orderNo']}/confirm")
    assert order["status"] == "completed"
    assert order["actions"] == ["refund", "review", "delete"]
    assert shopper.call("GET", "/api/orders/counts")["completed"] == 1

    shopper.call("POST", "/api/auth/logout", refreshToken=session["refreshToken"])
    shopper.call("GET", "/api/orders", 401)

    # Nothing of all that is fit for a log.
    secrets = {
        "sim-alice",
        session["token"],
        session["refreshToken"],
        "13900139000",
        *ADDRESS.values(),
        Payment.objects.get().prepay_id,
        Payment.objects.get().facts["payer"]["openid"],
        settings.WECHAT_SECRET,
        settings.WECHAT_API_V3_KEY,
        settings.WECHAT_MERCHANT_PRIVATE_KEY,
    }
    assert [secret for secret in secrets if secret in caplog.text] == []


def test_two_shoppers_and_the_last_piece(
    shop_server: Any,
    simulator: SimulatorProcess,
    product_make: Callable[..., Product],
) -> None:
    """One buys it, the other is refused; the first lets go, the second buys."""
    tea = product_make(stock=1)
    first, second = Shopper(shop_server.url), Shopper(shop_server.url)
    first.login("sim-first")
    second.login("sim-second")
    wanted = {
        "items": [{"productId": tea.pk, "quantity": 1}],
        "address": ADDRESS,
    }
    order = first.call("POST", "/api/orders", 201, **wanted)
    first.call("POST", f"/api/orders/{order['orderNo']}/pay")
    refusal = second.call("POST", "/api/orders", 409, **wanted)
    assert refusal["error"] == "insufficient_stock"
    first.call("POST", f"/api/orders/{order['orderNo']}/cancel", reason="不要了")
    second.call("POST", "/api/orders", 201, **wanted)
    assert stock_of(tea) == 0
