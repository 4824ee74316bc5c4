"""What the shop does while Valkey is away: all but password logins."""

import gc
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest
from django.core.cache import cache
from redis.exceptions import NoScriptError
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.tests.conftest import ADDRESS
from shop.cache import REST_SECONDS
from shop.tests.conftest import assert_envelope

STAFF = {"username": "boss", "password": "a-long-password-9"}


def test_a_hanging_valkey_is_waited_for_once_a_second(
    valkey_at: Callable[[int], None], cache_options: dict[str, Any], hanging_port: int
) -> None:
    for name in ("SOCKET_CONNECT_TIMEOUT", "SOCKET_TIMEOUT"):
        assert cache_options[name] == 0.3
    valkey_at(hanging_port)

    def seconds() -> float:
        began = time.monotonic()
        assert cache.get("key") is None
        return time.monotonic() - began

    assert seconds() > 0.29
    # Not 0.3 s each.
    assert sum(seconds() for _ in range(50)) < 0.3 * 25
    time.sleep(1)
    assert seconds() > 0.29


def test_of_many_that_ask_at_once_one_finds_out(
    valkey_at: Callable[[int], None],
    hanging_port: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    valkey_at(hanging_port)
    assert cache.get("key") is None

    def ask(_: int) -> None:
        assert cache.get("key") is None

    with ThreadPoolExecutor(16) as pool:
        for _ in range(2):
            time.sleep(REST_SECONDS)
            caplog.clear()
            list(pool.map(ask, range(16)))
            found = [one.getMessage().split()[1] for one in caplog.records]
            # A second one, should two have looked at the same moment.
            assert found in (["TimeoutError"], ["TimeoutError"] * 2)


def test_what_is_no_valkey_is_as_good_as_none(
    valkey_at: Callable[[int], None], live_server: Any, shopper_api: APIClient
) -> None:
    valkey_at(live_server.thread.port)
    assert cache.get("key") is None
    order = shopper_api.post("/api/orders", {"items": []}, format="json")
    assert order.status_code == 400


@pytest.mark.parametrize("fault", ["dead_port", "hanging_port"])
def test_without_valkey_the_shop_goes_on(
    request: pytest.FixtureRequest,
    valkey_at: Callable[[int], None],
    staff: User,
    api: APIClient,
    wechat_api: APIClient,
    product_make: Callable[..., Product],
    fault: str,
) -> None:
    product = product_make()
    order = {"items": [{"productId": product.pk, "quantity": 1}], "address": ADDRESS}
    valkey_at(request.getfixturevalue(fault))

    def asked(method: str, url: str, body: Any = None, client: Any = api) -> Any:
        return getattr(client, method)(url, body, format="json")

    assert asked("get", "/api/products").status_code == 200
    assert asked("get", f"/api/products/{product.pk}").status_code == 200
    assert asked("get", "/api/categories").status_code == 200
    assert asked("get", "/api/config").status_code == 200
    assert asked("post", "/api/auth/login", {"code": "sim-a"}).status_code == 200
    placed = asked("post", "/api/orders", order, wechat_api)
    assert placed.status_code == 201
    number = placed.json()["data"]["orderNo"]
    assert asked("get", "/api/orders", None, wechat_api).status_code == 200
    paid = asked("post", f"/api/orders/{number}/pay", {}, wechat_api)
    assert paid.status_code == 200
    refused = asked("post", "/api/auth/staff/login", STAFF)
    assert_envelope(refused, 503, "unavailable", "服务暂时不可用,请稍后再试")
    assert refused.headers["Retry-After"] == "5"


def test_what_valkey_refuses_is_told(caplog: pytest.LogCaptureFixture) -> None:
    client: Any = cache.client.get_client()  # type: ignore[attr-defined]
    client.rpush(cache.make_key("key"), "no text")
    # A script that it does not know is no failure: its text is sent then.
    with pytest.raises(NoScriptError):
        client.evalsha("0" * 40, 0)
    assert caplog.messages == []
    assert cache.get("key") is None
    assert [text.split(" after")[0] for text in caplog.messages] == [
        "Valkey: ResponseError"
    ]


def test_connections_of_ended_threads_are_no_limit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def ask() -> None:
        # Looked up here, for each thread has a cache of its own.
        assert cache.get("key") is None

    gc.disable()
    try:
        for _ in range(120):
            thread = Thread(target=ask)
            thread.start()
            thread.join()
    finally:
        gc.enable()
        gc.collect()
    assert caplog.messages == []


def test_with_valkey_staff_log_in(staff: User, api: APIClient) -> None:
    response = api.post("/api/auth/staff/login", STAFF, format="json")
    assert response.status_code == 200
