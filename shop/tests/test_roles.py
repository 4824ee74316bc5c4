"""Who may call what: every route for every kind of caller, and every row's owner."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.models import Address, User
from catalog.models import Favorite, Footprint, Product, SearchHistory, Sku
from conftest import client_of
from orders.models import (
    CartItem,
    CouponClaim,
    Order,
    OrderItem,
    Refund,
    Review,
    ReviewAppend,
)
from orders.tests.conftest import ADDRESS, line, paid_order
from orders.tests.coupons.making import claimed
from shop.tests.conftest import MESSAGES, assert_envelope
from shop.tests.routes import CONTRACT, OUTSIDE, served

_SHOPPERS = {"anonymous": 401, "clerk": 403, "boss": 403}
# Who is let in, for each kind of route; the others get that status.
REFUSED: dict[str, dict[str, int]] = {
    "public": {},
    "open": {},
    "person": {"anonymous": 401},
    "own": _SHOPPERS,
    "shopper": _SHOPPERS,
    "staff": {"anonymous": 401, "shopper": 403, "clerk": 403},
}
SLUGS = {401: "not_authenticated", 403: "forbidden"}
# What somebody else's rows would become.
OTHERS = {"name": "李四", "userId": 1, "status": "paid", "content": "不好"}
SAMPLES = {"{id}": "1", "{productId}": "1", "{orderNo}": "A1", "{refundNo}": "R1"}


@pytest.fixture
def callers(
    api: APIClient, shopper_api: APIClient, staff_api: APIClient
) -> dict[str, APIClient]:
    clerk = User.objects.create_user("clerk", "a-long-password-9")
    return {
        "anonymous": api,
        "shopper": shopper_api,
        "clerk": client_of(clerk),
        "boss": staff_api,
    }


def call(client: APIClient, route: str, body: Any = None) -> Any:
    method, _, path = route.partition(" ")
    for name, sample in SAMPLES.items():
        path = path.replace(name, sample)
    return getattr(client, method.lower())(path, body, format="json")


def test_each_route_is_in_the_contract_and_each_of_the_contract_is_served() -> None:
    assert served() == set(CONTRACT) | OUTSIDE


def test_role_matrix(callers: dict[str, APIClient]) -> None:
    wrong = []
    for route, (kind, _) in CONTRACT.items():
        for caller, client in callers.items():
            status = call(client, route, {}).status_code
            expected = REFUSED[kind].get(caller)
            if status != expected if expected else status in {401, 403}:
                wrong.append((route, caller, status))
    assert wrong == []


def test_refusals_are_enveloped(callers: dict[str, APIClient]) -> None:
    for route, (kind, _) in CONTRACT.items():
        for caller, status in REFUSED[kind].items():
            response = call(callers[caller], route, {})
            assert assert_envelope(response, status, SLUGS[status])
            is_asked = response.headers.get("WWW-Authenticate") == 'Bearer realm="api"'
            assert is_asked == (status == 401)


def test_permission_of_one_model_lets_a_clerk_in(
    product_make: Callable[..., Product],
) -> None:
    clerk = User.objects.create_user("clerk", "a-long-password-9")
    clerk.user_permissions.add(Permission.objects.get(codename="change_product"))
    client, url = client_of(clerk), f"/api/products/{product_make().pk}"
    assert client.patch(url, {"name": "新名"}, format="json").status_code == 200
    assert_envelope(client.delete(url), 403, "forbidden")
    assert_envelope(client.post("/api/products", {}, format="json"), 403, "forbidden")


def test_public_reads_ignore_every_token(
    callers: dict[str, APIClient], product_make: Callable[..., Product]
) -> None:
    product_make(status="off_sale")
    shown = product_make()
    dead = APIClient()
    dead.credentials(HTTP_AUTHORIZATION="Bearer dead")
    for url in (
        *("/api/products", f"/api/products/{shown.pk}", "/api/categories"),
        *("/api/home", "/api/search/hot", "/api/search/suggest?keyword=茶"),
    ):
        answers = {client.get(url).content for client in (*callers.values(), dead)}
        assert len(answers) == 1
    assert dead.get("/api/config").status_code == 200
    assert_envelope(dead.get("/api/orders"), 401, "token_invalid", "Token无效")


@pytest.fixture
def rows(
    shopper: User, shopper_api: APIClient, product_make: Callable[..., Product]
) -> dict[str, str]:
    """Return the ids of what one shopper owns."""
    address = shopper_api.post("/api/addresses", ADDRESS, format="json").json()
    order_no = paid_order(shopper_api, line(product_make())).order_no
    claimed(shopper)
    url = f"/api/orders/{order_no}/refunds"
    refund = shopper_api.post(url, {"reason": "不想要了"}, format="json").json()
    word = shopper_api.post("/api/search/history", {"keyword": "茶"}, format="json")
    product = Product.objects.get()
    for name in ("favorites", "footprints"):
        looked_at = {"productId": product.pk}
        shopper_api.post(f"/api/{name}", looked_at, format="json")
    bought = OrderItem.objects.get()
    told = {"order_item": bought, "product": product, "rating": 5, "state": "public"}
    review = Review.objects.create(**told)
    put_in = {"skuId": Sku.objects.get().pk}
    cart = shopper_api.post("/api/cart", put_in, format="json").json()
    return {
        "addresses/{id}": f"addresses/{address['data']['id']}",
        "history/{id}": f"history/{word.json()['data']['id']}",
        "cart/{id}": f"cart/{cart['data']['id']}",
        "reviews/{id}": f"reviews/{review.pk}",
        "{orderNo}": order_no,
        "{refundNo}": refund["data"]["refundNo"],
    }


def everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (
            *(Address, CartItem, CouponClaim, Favorite, Footprint, Order, Refund),
            *(Review, ReviewAppend, SearchHistory, Sku, User),
        )
    ]


def not_found(path: str) -> str:
    if "/orders/" in path:
        return "订单不存在"
    if "/coupons/" in path:
        # Of nobody in particular; there is none of that id.
        return "优惠券不存在"
    if "/reviews/" in path:
        return "评价不存在"
    if "/cart/" in path:
        return "购物车中没有该商品"
    return "退款不存在" if "/refunds/" in path else MESSAGES[404]


def test_ownership_matrix(
    rows: dict[str, str], shopper_api: APIClient, other_api: APIClient
) -> None:
    """Somebody else's rows do not exist, by any verb, and nothing changes."""
    routes = [
        route for route, (kind, _) in CONTRACT.items() if kind == "own" and "{" in route
    ]
    assert len(routes) > 12
    before = everything()
    for route in routes:
        method, _, path = route.partition(" ")
        for name, value in rows.items():
            path = path.replace(name, value)
        assert "{" not in path
        for body in ({}, {**ADDRESS, **OTHERS}):
            response = getattr(other_api, method.lower())(path, body, format="json")
            assert_envelope(response, 404, "not_found", not_found(path))
        if method == "GET":
            assert shopper_api.get(path).status_code == 200
    assert everything() == before


def test_lists_show_own_rows_alone(
    rows: dict[str, str], shopper_api: APIClient, other_api: APIClient
) -> None:
    for url in (
        *("/api/addresses", "/api/orders", "/api/refunds", "/api/coupons/mine"),
        "/api/search/history",
        *("/api/cart", "/api/favorites", "/api/footprints", "/api/reviews"),
    ):
        assert shopper_api.get(url).json()["data"]["pagination"]["total"] == 1
        assert other_api.get(url).json()["data"]["pagination"]["total"] == 0
    counts = other_api.get("/api/orders/counts").json()["data"]
    assert set(counts.values()) == {0}


def test_somebody_elses_address_is_no_destination(
    rows: dict[str, str], other_api: APIClient
) -> None:
    product = Product.objects.get()
    body = {
        "items": [{"productId": product.pk, "quantity": 1}],
        "addressId": int(rows["addresses/{id}"].removeprefix("addresses/")),
    }
    for url in ("/api/orders", "/api/orders/preview"):
        response = other_api.post(url, body, format="json")
        assert_envelope(response, 404, "not_found", "地址不存在")
    assert Order.objects.count() == 1
