"""Idempotency-Key: a shopper who taps twice has one order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import session_open
from catalog.models import Product, Sku
from orders.models import Order
from orders.tests.conftest import body, line, stock_of, written

pytestmark = pytest.mark.usefixtures("audited")


def post(api: APIClient, request: dict[str, Any], key: str) -> Any:
    return api.post("/api/orders", request, format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_same_key_and_body_return_the_first_order(
    shopper_api: APIClient, tea: Product
) -> None:
    first = post(shopper_api, body(line(tea)), "k1")
    before = written()
    second = post(shopper_api, body(line(tea)), "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert written() == before


def test_replay_works_when_the_first_call_took_the_last_piece(
    shopper_api: APIClient, cup: Product
) -> None:
    first = post(shopper_api, body(line(cup, 5)), "k1")
    assert stock_of(cup) == 0
    second = post(shopper_api, body(line(cup, 5)), "k1")
    assert second.json()["data"]["orderNo"] == first.json()["data"]["orderNo"]


def test_replay_works_when_the_product_is_gone(
    shopper_api: APIClient, tea: Product
) -> None:
    first = post(shopper_api, body(line(tea)), "k1")
    Product.objects.update(status="off_sale")
    second = post(shopper_api, body(line(tea)), "k1")
    assert second.json()["data"]["orderNo"] == first.json()["data"]["orderNo"]


@pytest.mark.parametrize(
    "change",
    [
        {"items": [{"productId": 1, "quantity": 2}]},
        {"remark": "另一个"},
        {"address": {"name": "李四"}},
    ],
)
def test_same_key_with_another_body_conflicts(
    shopper_api: APIClient, tea: Product, change: dict[str, Any]
) -> None:
    request = body(line(tea))
    post(shopper_api, request, "k1")
    before = written()
    changed = {
        **request,
        **change,
        "address": {**request["address"], **change.get("address", {})},
    }
    if "items" in change:
        changed["items"] = [line(tea, 2)]
    response = post(shopper_api, changed, "k1")
    assert response.status_code == 422
    assert response.json()["data"] == {"error": "idempotency_conflict"}
    assert written() == before


def test_key_belongs_to_one_shopper(
    shopper_api: APIClient, other_api: APIClient, tea: Product
) -> None:
    first = post(shopper_api, body(line(tea)), "same")
    second = post(other_api, body(line(tea)), "same")
    assert first.json()["data"]["orderNo"] != second.json()["data"]["orderNo"]
    assert stock_of(tea) == 8


def test_failed_call_leaves_the_key_free(shopper_api: APIClient, tea: Product) -> None:
    assert post(shopper_api, body(line(tea, 11)), "k1").status_code == 409
    assert post(shopper_api, body(line(tea, 10)), "k1").status_code == 201


def test_key_of_255_characters_passes_and_256_do_not(
    shopper_api: APIClient, tea: Product
) -> None:
    assert post(shopper_api, body(line(tea)), "k" * 255).status_code == 201
    response = post(shopper_api, body(line(tea)), "k" * 256)
    assert response.status_code == 400
    assert Order.objects.count() == 1


@pytest.mark.parametrize("stock", [1, 100])
def test_twenty_at_once_make_one_order(
    shop_server: Any,
    shopper: User,
    product_make: Callable[..., Product],
    stock: int,
) -> None:
    product = product_make(stock=stock)
    headers = {
        "Authorization": f"Bearer {session_open(user=shopper).token}",
        "Idempotency-Key": "tap-tap",
    }
    request = body(line(product))

    def tap(_: int) -> tuple[int, Any]:
        answer = requests.post(
            f"{shop_server.url}/api/orders", json=request, headers=headers, timeout=30
        )
        return answer.status_code, answer.json()["data"].get("orderNo")

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(tap, range(20)))
    order = Order.objects.get()
    assert answers == {(201, order.order_no)}
    assert Sku.objects.get().stock == stock - 1
