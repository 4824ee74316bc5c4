"""Idempotency-Key: a shopper who taps twice has one order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import Address, User
from accounts.services import session_open
from catalog.models import Product, Sku
from conftest import lock_waiters, wait_until
from orders.models import Order
from orders.services.order_requests import Wish
from orders.services.placing import Destination, OrderRequest
from orders.services.twins import key_hold
from orders.tests.conftest import (
    ADDRESS,
    body,
    line,
    stock_of,
    written,
)

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


def test_replay_works_beside_a_twin_that_is_under_way(
    shopper_api: APIClient, shopper: User, tea: Product
) -> None:
    first = post(shopper_api, body(line(tea)), "k1")
    with key_hold(user_id=shopper.pk, key="k1"):
        second = post(shopper_api, body(line(tea)), "k1")
        other = post(shopper_api, body(line(tea)), "k2")
    assert second.json() == first.json()
    assert other.status_code == 201
    assert other.json() != first.json()


def test_failed_call_leaves_the_key_free(shopper_api: APIClient, tea: Product) -> None:
    assert post(shopper_api, body(line(tea, 11)), "k1").status_code == 409
    assert post(shopper_api, body(line(tea, 10)), "k1").status_code == 201


def test_key_of_odd_characters_is_refused_by_its_form(
    shopper_api: APIClient, tea: Product
) -> None:
    response = post(shopper_api, body(line(tea)), "k\x7f")
    assert response.status_code == 400
    assert response.json()["message"] == "Idempotency-Key格式不正确"


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
        data = answer.json()["data"]
        return answer.status_code, data.get("orderNo") or data["error"]

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(tap, range(20)))
    order = Order.objects.get()
    # Who came while it was being placed is told so, who came later has it.
    assert (201, order.order_no) in answers
    assert answers <= {(201, order.order_no), (409, "request_in_progress")}
    assert tap(21) == (201, order.order_no)
    assert Sku.objects.get().stock == stock - 1


def over_http(server: Any, shopper: User, product: Product) -> Any:
    """Return a caller whose every call places the same order under one key."""
    headers = {
        "Authorization": f"Bearer {session_open(user=shopper).token}",
        "Idempotency-Key": "k1",
    }

    def call() -> requests.Response:
        return requests.post(
            f"{server.url}/api/orders",
            json=body(line(product)),
            headers=headers,
            timeout=30,
        )

    return call


def test_twin_of_a_request_under_way_is_told_at_once(
    patient_database: None, shop_server: Any, shopper: User, tea: Product
) -> None:
    """While the first waits for the stock, the second does not join the queue."""
    call = over_http(shop_server, shopper, tea)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            list(Sku.objects.select_for_update())
            first = pool.submit(call)
            wait_until(lambda: lock_waiters() or first.done())
            second = call()
        assert second.status_code == 409
        assert second.json()["data"] == {"error": "request_in_progress"}
        assert first.result().status_code == 201
    assert call().json() == first.result().json()
    assert Order.objects.count() == 1


def test_replay_needs_no_lock_on_the_stock(
    shop_server: Any, shopper: User, tea: Product
) -> None:
    call = over_http(shop_server, shopper, tea)
    first = call()
    with transaction.atomic():
        list(Sku.objects.select_for_update())
        assert call().json() == first.json()


def test_replay_by_address_id_outlives_the_address(
    shopper_api: APIClient, shopper: User, tea: Product
) -> None:
    address = Address.objects.create(user=shopper, **ADDRESS)
    request = {"items": [line(tea)], "addressId": address.pk}
    first = post(shopper_api, request, "k1").json()["data"]
    Address.objects.update(detail="二号")
    assert post(shopper_api, request, "k1").json()["data"] == first
    address.delete()
    assert post(shopper_api, request, "k1").json()["data"] == first


def test_order_of_the_lines_does_not_count(
    shopper_api: APIClient, tea: Product, cup: Product
) -> None:
    first = post(shopper_api, body(line(tea), line(cup)), "k1").json()["data"]
    second = post(shopper_api, body(line(cup), line(tea)), "k1").json()["data"]
    assert second == first


def test_hash_of_a_request_stays_what_it_is() -> None:
    """A shopper may repeat what was ordered before the shop was updated."""
    written_out = OrderRequest(
        [Wish(12, None, 1), Wish(11, 3, 2)], Destination(**ADDRESS), remark='"请"'
    )
    of_the_book = OrderRequest([Wish(3, 4, 5)], address_id=7)
    assert (written_out.digest(), of_the_book.digest()) == (
        "ce99be90f9fc607bff1aef8e12157b90669a0d43014d3f24203d85a3737cbbd3",
        "488e80ab1bac3b3af584b111f28537d177478696b57487860b045ba066a910d4",
    )
