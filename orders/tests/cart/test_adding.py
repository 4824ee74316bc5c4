"""POST /api/cart: what goes in, what merges, and what is refused."""

from collections.abc import Callable

from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from orders.models import CartItem

from .filling import URL, add, refusal, shown


def test_the_same_sku_merges_and_selects(shopper_api: APIClient, sku: Sku) -> None:
    sent = {"skuId": sku.pk, "quantity": 2, "selected": False}
    first = shopper_api.post(URL, sent, format="json").json()["data"]
    assert (first["selected"], first["cart"]["selectedAmount"]) == (False, "0.00")
    Sku.objects.filter(pk=sku.pk).update(price="90.00")
    again = add(shopper_api, sku, 3).json()["data"]
    assert (again["id"], again["quantity"]) == (first["id"], 5)
    # What the shopper saw now is what it is compared with from now on.
    assert (again["priceAdded"], again["priceChanged"]) == ("90.00", False)
    assert again["cart"] == {
        "lines": 1,
        "quantity": 5,
        "selectedQuantity": 5,
        "selectedAmount": "450.00",
    }


def test_a_double_tap_adds_once(
    shopper_api: APIClient, other_api: APIClient, sku: Sku, cup_sku: Sku
) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "tap-1"}
    assert add(shopper_api, sku, 2, **key).status_code == 201
    assert add(shopper_api, sku, 2, **key).json()["data"]["quantity"] == 2
    assert add(shopper_api, cup_sku, 1, **key).json()["data"]["quantity"] == 1
    assert add(other_api, sku, 2, **key).json()["data"]["quantity"] == 2
    other_key = {"HTTP_IDEMPOTENCY_KEY": "tap-2"}
    assert add(shopper_api, sku, 1, **other_key).json()["data"]["quantity"] == 3
    # Without a key each counts.
    assert add(shopper_api, sku, 1).json()["data"]["quantity"] == 4
    assert add(shopper_api, sku, 1).json()["data"]["quantity"] == 5
    long = {"HTTP_IDEMPOTENCY_KEY": "x" * 256}
    assert refusal(add(shopper_api, sku, 1, **long))[:2] == (400, "invalid")
    assert shown(shopper_api) == [
        (cup_sku.pk, 1, True, "ok"),
        (sku.pk, 5, True, "ok"),
    ]


def test_what_cannot_be_bought_is_not_put_in(
    shopper_api: APIClient, sku: Sku, product_make: Callable[..., Product]
) -> None:
    add(shopper_api, sku, 9)
    off_sale = Sku.objects.get(product=product_make(status="off_sale"))
    deleted = Sku.objects.get(product=product_make(status="deleted"))
    retired = Sku.objects.get(product=product_make())
    Sku.objects.filter(pk=retired.pk).update(is_active=False)
    for gone in (off_sale, deleted, retired):
        named = {"productId": gone.product_id, "skuId": gone.pk}
        assert refusal(add(shopper_api, gone)) == (
            409,
            "not_on_sale",
            {"items": [named]},
        )
    unknown = {"items": [{"productId": None, "skuId": 2**60}]}
    assert refusal(add(shopper_api, Sku(pk=2**60))) == (409, "not_on_sale", unknown)
    short = {"skuId": sku.pk, "name": "龙井茶", "requested": 11, "available": 10}
    answer = add(shopper_api, sku, 2)
    assert refusal(answer) == (409, "insufficient_stock", {"items": [short]})
    assert answer.json()["message"] == "商品龙井茶库存不足"
    for bad in (
        {},
        {"skuId": "x"},
        {"skuId": sku.pk, "quantity": 0},
        {"skuId": sku.pk, "quantity": 1.5},
        {"skuId": sku.pk, "quantity": True},
        {"skuId": sku.pk, "quantity": 1000},
        {"skuId": 10**19, "quantity": 1},
    ):
        answer = shopper_api.post(URL, bad, format="json")
        assert refusal(answer)[:2] == (400, "invalid")
    assert shown(shopper_api) == [(sku.pk, 9, True, "ok")]


def test_limits(
    shopper: User, shopper_api: APIClient, sku: Sku, cup_sku: Sku, tea: Product
) -> None:
    Sku.objects.filter(pk=sku.pk).update(stock=5000)
    add(shopper_api, sku, 999)
    assert refusal(add(shopper_api, sku, 1)) == (409, "cart_quantity_limit", {})
    many = Sku.objects.bulk_create(
        Sku(product=tea, specs={"号": str(n)}, price=1, stock=1) for n in range(99)
    )
    CartItem.objects.bulk_create(
        CartItem(user=shopper, sku=one, quantity=1, price_added=1) for one in many
    )
    answer = add(shopper_api, cup_sku)
    assert refusal(answer) == (409, "cart_limit", {})
    assert answer.json()["message"] == "购物车最多放100种商品,请先清理"
    # What is in already may grow.
    assert add(shopper_api, sku, 1).json()["data"]["error"] == "cart_quantity_limit"
    assert CartItem.objects.count() == 100
    assert len(shopper_api.get(URL).json()["data"]["list"]) == 100
