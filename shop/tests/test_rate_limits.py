"""Rate limits: counted in Valkey for each shopper or address."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache, caches
from rest_framework.test import APIClient

from accounts.models import User
from conftest import client_of
from shop.tests.conftest import assert_envelope

Limit = Callable[..., None]


def preview(client: APIClient) -> Any:
    return client.post("/api/orders/preview", {"items": []}, format="json")


def place(client: APIClient) -> Any:
    return client.post("/api/orders", {"items": []}, format="json")


def login(client: APIClient, **extra: str) -> Any:
    return client.post("/api/auth/login", {}, format="json", **extra)


def staff_login(client: APIClient, name: str, **extra: str) -> Any:
    body = {"username": name, "password": "wrong"}
    return client.post("/api/auth/staff/login", body, format="json", **extra)


def products(client: APIClient, **extra: str) -> Any:
    return client.get("/api/products", **extra)


def assert_limited(response: Any) -> None:
    data = assert_envelope(response, 429, "rate_limited")
    assert data == {"error": "rate_limited"}
    assert 1 <= int(response.headers["Retry-After"]) <= 901


@pytest.mark.parametrize(
    ("scope", "call", "usual"),
    [("write", place, 400), ("cart", preview, 400)],
)
def test_shoppers_are_counted_each_for_themselves(
    shopper_api: APIClient,
    other_api: APIClient,
    limit: Limit,
    scope: str,
    call: Callable[[APIClient], Any],
    usual: int,
) -> None:
    limit(**{scope: 3})
    assert [call(shopper_api).status_code for _ in range(3)] == [usual] * 3
    assert_limited(call(shopper_api))
    assert call(other_api).status_code == usual
    assert_limited(call(shopper_api))


def test_devices_of_one_shopper_are_counted_together(
    shopper: User, limit: Limit
) -> None:
    limit(write=2)
    phone, tablet = client_of(shopper), client_of(shopper)
    assert [place(phone).status_code, place(tablet).status_code] == [400, 400]
    assert_limited(place(phone))
    assert_limited(place(tablet))


def test_scopes_are_counted_apart_and_writes_together(
    shopper_api: APIClient, limit: Limit
) -> None:
    limit(write=2, cart=1)
    assert place(shopper_api).status_code == 400
    address = shopper_api.post("/api/addresses", {}, format="json")
    assert address.status_code == 400
    for method, url in (
        ("post", "/api/orders"),
        ("post", "/api/orders/A1/pay"),
        ("post", "/api/orders/A1/cancel"),
        ("post", "/api/orders/A1/remind"),
        ("post", "/api/orders/A1/refunds"),
        ("post", "/api/refunds/R1/withdraw"),
        ("post", "/api/refunds/R1/return"),
        ("post", "/api/addresses"),
        ("put", "/api/auth/user"),
        ("delete", "/api/auth/user"),
        ("post", "/api/auth/phone"),
        ("post", "/api/uploads"),
    ):
        assert_limited(getattr(shopper_api, method)(url, {}, format="json"))
    # What is called at every tap or look takes no right to pay away.
    assert preview(shopper_api).status_code == 400
    assert_limited(preview(shopper_api))
    for method, url in (
        ("get", "/api/cart"),
        ("get", "/api/orders/A1/logistics"),
        ("post", "/api/orders/A1/buy-again"),
        ("post", "/api/addresses/parse"),
        ("post", "/api/favorites"),
        ("post", "/api/footprints"),
        ("post", "/api/search/history"),
    ):
        assert_limited(getattr(shopper_api, method)(url, {}, format="json"))
    assert shopper_api.get("/api/orders").status_code == 200
    assert shopper_api.get("/api/refunds").status_code == 200


@pytest.mark.parametrize(
    ("scope", "call", "usual"),
    [("login", login, 400), ("read", products, 200)],
)
def test_addresses_are_counted_and_forwarded_ones_are_not_believed(
    api: APIClient,
    limit: Limit,
    scope: str,
    call: Callable[..., Any],
    usual: int,
) -> None:
    limit(**{scope: 3})
    statuses = [
        call(
            api,
            HTTP_X_FORWARDED_FOR=f"198.51.100.{number}",
            HTTP_X_REAL_IP=f"198.51.100.{number}",
            HTTP_FORWARDED=f"for=198.51.100.{number}",
        ).status_code
        for number in range(3)
    ]
    assert statuses == [usual] * 3
    assert_limited(call(api, HTTP_X_FORWARDED_FOR="198.51.100.9"))
    assert call(api, REMOTE_ADDR="198.51.100.9").status_code == usual


def test_tokens_do_not_take_public_reads_out_of_the_address(
    api: APIClient, shopper_api: APIClient, limit: Limit
) -> None:
    limit(read=1)
    assert products(api).status_code == 200
    assert_limited(products(shopper_api))


def test_password_logins_are_counted_for_each_account(
    api: APIClient, limit: Limit
) -> None:
    """From any address, in any spelling of the name."""
    limit(staff_login=3)
    for number, name in enumerate(("boss", "BOSS", " Boss ")):
        address = f"198.51.100.{number}"
        assert staff_login(api, name, REMOTE_ADDR=address).status_code == 401
    assert_limited(staff_login(api, "boss", REMOTE_ADDR="198.51.100.9"))
    assert staff_login(api, "clerk").status_code == 401


@pytest.mark.parametrize("username", [None, 5, ["boss"], {"a": "boss"}, "n" * 10_000])
def test_odd_names_of_accounts(api: APIClient, username: Any) -> None:
    body = {"username": username, "password": "x"}
    response = api.post("/api/auth/staff/login", body, format="json")
    assert response.status_code in {400, 401}


def test_counts_stand_in_valkey(shopper_api: APIClient) -> None:
    assert list(cache.keys("rl:*")) == []  # type: ignore[attr-defined]
    place(shopper_api)
    assert len(cache.keys("rl:*")) == 1  # type: ignore[attr-defined]
    cache.clear()


@pytest.mark.parametrize("call", [place, products])
def test_a_window_ends_by_itself(
    shopper_api: APIClient, call: Callable[[APIClient], Any]
) -> None:
    for count in (1, 2):
        call(shopper_api)
        (key,) = cache.keys("rl:*")  # type: ignore[attr-defined]
        assert cache.get(key) == count
        assert 900 < cache.ttl(key) <= 905  # type: ignore[attr-defined]


def counts() -> Any:
    """Return the client that counts for this thread."""
    return caches["counts"].client.get_client()  # type: ignore[attr-defined]


def test_a_thread_keeps_its_connection_and_replaces_a_lost_one(
    shopper_api: APIClient, limit: Limit
) -> None:
    limit(write=2)
    place(shopper_api)
    kept = counts().client_id()
    place(shopper_api)
    assert counts().client_id() == kept
    assert cache.client.get_client().client_kill_filter(_id=kept)  # type: ignore[attr-defined]
    assert_limited(place(shopper_api))
    assert counts().client_id() != kept


def test_a_count_is_one_question(shopper_api: APIClient) -> None:
    def asked() -> int:
        return int(counts().client_info()["tot-cmds"])

    place(shopper_api)
    began = asked()
    for _ in range(3):
        place(shopper_api)
    # Valkey counts the script and the increment in it, and asking itself.
    assert asked() - began == 3 * 2 + 1


def test_switch(shopper_api: APIClient, limit: Limit, settings: Any) -> None:
    limit(write=1)
    settings.RATELIMIT_ENABLE = False
    assert [place(shopper_api).status_code for _ in range(3)] == [400] * 3
    settings.RATELIMIT_ENABLE = True
    assert place(shopper_api).status_code == 400
    assert_limited(place(shopper_api))


def test_limits_that_were_asked_for(settings: Any) -> None:
    assert settings.RATELIMITS == {
        "login": "300/300s",
        "staff_login": "10/300s",
        "session": "3000/300s",
        "read": "3000/900s",
        "write": "100/900s",
        "cart": "600/900s",
    }


def test_refreshes_and_logouts_are_counted_apart_from_logins(
    api: APIClient, limit: Limit
) -> None:
    limit(session=2, login=1)
    for url in ("/api/auth/refresh", "/api/auth/logout"):
        answer = api.post(url, {"refreshToken": "x"}, format="json")
        assert answer.status_code == 401
    assert_limited(api.post("/api/auth/refresh", {"refreshToken": "x"}, format="json"))
    assert api.post("/api/auth/login", {}, format="json").status_code == 400


def test_export_counts_as_a_write(shopper_api: APIClient, limit: Limit) -> None:
    limit(write=1)
    assert shopper_api.get("/api/auth/user/export").status_code == 200
    assert_limited(shopper_api.get("/api/auth/user/export"))
    assert shopper_api.get("/api/auth/user").status_code == 200


def test_the_101st_order_within_the_window(
    shopper_api: APIClient, still_clock: int
) -> None:
    statuses = [place(shopper_api).status_code for _ in range(101)]
    assert statuses == [400] * 100 + [429]
