"""An order's goods once more: what goes into the cart, and what can't."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from conftest import alone
from orders.models import CartItem, Order
from orders.services.cart import cart_buy_again
from orders.tests.conftest import line, placed

from .filling import LONG_AGO

MANY = 95


@pytest.fixture
def goods(product_make: Callable[..., Product]) -> list[Product]:
    names = ("龙井", "毛尖", "普洱", "白茶", "红茶", "黑茶")
    return [product_make(name, stock=20) for name in names]


def again(client: APIClient, order_no: str) -> Any:
    return client.post(f"/api/orders/{order_no}/buy-again")


def cart() -> list[tuple[str, int, bool]]:
    rows = CartItem.objects.order_by("-pk")
    return list(rows.values_list("sku__product__name", "quantity", "is_selected"))


def test_what_can_still_be_bought_goes_into_the_cart(
    shopper_api: APIClient, goods: list[Product]
) -> None:
    order_no = placed(shopper_api, *(line(one, 5) for one in goods))["orderNo"]
    whole, short, sold_out, off_sale, deleted, retired = goods
    Sku.objects.filter(product=short).update(stock=2)
    Sku.objects.filter(product=sold_out).update(stock=0)
    Product.objects.filter(pk=off_sale.pk).update(status="off_sale")
    Product.objects.filter(pk=deleted.pk).update(status="deleted")
    Sku.objects.filter(product=retired).update(is_active=False)
    answer = again(shopper_api, order_no).json()
    assert answer["message"] == "部分商品未能加入购物车"
    keys = {row.sku.product_id: row for row in CartItem.objects.select_related("sku")}
    assert answer["data"]["added"] == [
        {"id": keys[one.pk].pk, "skuId": keys[one.pk].sku_id, "quantity": quantity}
        for one, quantity in ((whole, 5), (short, 2))
    ]
    missing = answer["data"]["missing"]
    assert missing[0] == {
        "productId": short.pk,
        "skuId": keys[short.pk].sku_id,
        "name": "毛尖",
        "specs": {},
        "image": "",
        "quantity": 5,
        "reason": "short",
    }
    assert [(one["name"], one["reason"]) for one in missing] == [
        ("毛尖", "short"),
        ("普洱", "sold_out"),
        ("白茶", "off_sale"),
        ("红茶", "gone"),
        ("黑茶", "gone"),
    ]
    assert cart() == [("龙井", 5, True), ("毛尖", 2, True)]
    assert keys[whole.pk].price_added == whole.price


def test_again_and_again_is_as_once(
    shopper_api: APIClient, goods: list[Product]
) -> None:
    first, second, third, *_ = goods
    wanted = (line(first, 3), line(second, 3), line(third, 1))
    order_no = placed(shopper_api, *wanted)["orderNo"]
    for product, quantity in ((first, 1), (second, 4)):
        sent = {"skuId": product.skus.get().pk, "quantity": quantity, "selected": False}
        shopper_api.post("/api/cart", sent, format="json")
    CartItem.objects.update(updated_at=LONG_AGO)
    for _ in range(2):
        answer = again(shopper_api, order_no).json()
        assert (answer["message"], answer["data"]["missing"]) == ("已加入购物车", [])
        # Raised to the order's pieces, never lowered.
        assert cart() == [("普洱", 1, True), ("毛尖", 4, True), ("龙井", 3, True)]
    assert not CartItem.objects.filter(updated_at=LONG_AGO).exists()
    Product.objects.update(status="off_sale")
    answer = again(shopper_api, order_no).json()
    assert (answer["message"], answer["data"]["added"]) == ("商品均已无法购买", [])
    assert len(cart()) == 3


def test_what_does_not_fit_is_told(
    shopper: User,
    shopper_api: APIClient,
    goods: list[Product],
    django_assert_num_queries: Any,
) -> None:
    order_no = placed(shopper_api, *(line(one) for one in goods))["orderNo"]
    fillers = Sku.objects.bulk_create(
        Sku(product=goods[0], specs={"号": str(n)}, price=1) for n in range(100)
    )
    CartItem.objects.bulk_create(
        CartItem(user=shopper, sku=sku, quantity=1, price_added=1)
        for sku in [*fillers[:MANY], goods[5].skus.order_by("pk")[0]]
    )
    # Who asks; begin, order, shopper, lines, what was ordered, SKUs, sales, new and old
    # lines, end.
    with django_assert_num_queries(11):
        data = again(shopper_api, order_no).json()["data"]
    assert len(data["added"]) == 5
    # The last one is in the cart already.
    assert [(one["name"], one["reason"]) for one in data["missing"]] == [
        ("红茶", "cart_full")
    ]
    assert CartItem.objects.count() == 100
    CartItem.objects.all().delete()
    CartItem.objects.bulk_create(
        CartItem(user=shopper, sku=sku, quantity=1, price_added=1) for sku in fillers
    )
    answer = again(shopper_api, order_no).json()
    assert (answer["message"], answer["data"]["added"]) == ("购物车已满,请先清理", [])


def test_only_an_own_order_that_is_shown(
    shopper_api: APIClient, other_api: APIClient, goods: list[Product]
) -> None:
    order_no = placed(shopper_api, line(goods[0]))["orderNo"]
    assert again(other_api, order_no).json()["message"] == "订单不存在"
    shopper_api.post(f"/api/orders/{order_no}/cancel")
    assert shopper_api.delete(f"/api/orders/{order_no}").status_code == 200
    assert again(shopper_api, order_no).status_code == 404
    assert cart() == []


def test_two_at_once_are_as_one(
    transactional_db: None,
    patient_database: None,
    shopper: User,
    shopper_api: APIClient,
    goods: list[Product],
) -> None:
    order_no = placed(shopper_api, *(line(one, 2) for one in goods))["orderNo"]
    together = Barrier(6)

    def act(_: int) -> int:
        together.wait()
        return len(cart_buy_again(user_id=shopper.pk, order_no=order_no).added)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(alone(act), range(6))) == [6] * 6
    assert {quantity for _, quantity, _ in cart()} == {2}
    assert Order.objects.count() == 1
