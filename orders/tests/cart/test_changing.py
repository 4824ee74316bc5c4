"""What is changed of a line, which are selected, and what is taken out."""

from typing import Any

from rest_framework.test import APIClient

from catalog.models import Product, Sku
from orders.models import CartItem

from .filling import LONG_AGO, URL, add, refusal, shown


def test_change(
    shopper_api: APIClient, other_api: APIClient, sku: Sku, cup_sku: Sku
) -> None:
    key = add(shopper_api, sku, 2).json()["data"]["id"]
    add(other_api, cup_sku, 4)

    def change(**sent: Any) -> Any:
        return shopper_api.patch(f"{URL}/{key}", sent, format="json")

    data = change(quantity=5).json()["data"]
    assert (data["quantity"], data["cart"]["selectedAmount"]) == (5, "495.00")
    data = change(selected=False).json()["data"]
    assert (data["quantity"], data["cart"]["selectedAmount"]) == (5, "0.00")
    assert change().json()["data"]["selected"] is False
    assert refusal(change(quantity=11))[1] == "insufficient_stock"
    for bad in ({"quantity": 0}, {"quantity": 1000}, {"selected": "x"}, {"skuId": 0}):
        assert refusal(change(**bad))[:2] == (400, "invalid")
    # Its product has no such SKU.
    other = change(skuId=cup_sku.pk)
    assert refusal(other)[:2] == (400, "invalid")
    assert other.json()["message"] == "请选择同一商品的规格"
    Product.objects.filter(pk=sku.product_id).update(status="off_sale")
    assert refusal(change(quantity=1))[1] == "not_on_sale"
    # The mark may go all the same.
    assert change(selected=True).json()["data"]["state"] == "off_sale"
    assert shown(shopper_api) == [(sku.pk, 5, True, "off_sale")]
    answer = shopper_api.delete(f"{URL}/{key}")
    assert (answer.status_code, answer.json()["data"]["list"]) == (200, [])
    for again in (shopper_api.delete(f"{URL}/{key}"), change(quantity=1)):
        assert refusal(again)[:2] == (404, "not_found")
        assert again.json()["message"] == "购物车中没有该商品"
    assert shown(other_api) == [(cup_sku.pk, 4, True, "ok")]


def test_another_sku_of_the_product(shopper_api: APIClient, two_skus: Any) -> None:
    _, small, large = two_skus
    key = add(shopper_api, small, 2).json()["data"]["id"]

    def choose(sku: Sku, **more: Any) -> Any:
        sent = {"skuId": sku.pk, **more}
        return shopper_api.patch(f"{URL}/{key}", sent, format="json")

    data = choose(large).json()["data"]
    assert (data["id"], data["skuId"], data["quantity"]) == (key, large.pk, 2)
    assert (data["priceAdded"], data["specs"]) == ("60.00", {"尺码": "L"})
    add(shopper_api, small, 3)
    # Five are more than the three that there are of it: nothing changes.
    assert refusal(choose(small))[1] == "insufficient_stock"
    assert shown(shopper_api) == [
        (small.pk, 3, True, "ok"),
        (large.pk, 2, True, "ok"),
    ]
    Sku.objects.filter(pk=small.pk).update(stock=9)
    data = choose(small, quantity=4).json()["data"]
    assert (data["id"], data["skuId"], data["quantity"]) == (key, small.pk, 7)
    assert shown(shopper_api) == [(small.pk, 7, True, "ok")]


def test_selecting_and_clearing(
    shopper_api: APIClient, other_api: APIClient, sku: Sku, cup_sku: Sku
) -> None:
    first = add(shopper_api, sku).json()["data"]["id"]
    add(shopper_api, cup_sku)
    theirs = add(other_api, sku).json()["data"]["id"]
    CartItem.objects.update(updated_at=LONG_AGO)

    def select(**sent: Any) -> list[bool]:
        answer = shopper_api.post(f"{URL}/select", sent, format="json")
        assert answer.status_code == 200
        return [line["selected"] for line in answer.json()["data"]["list"]]

    assert select(selected=False) == [False, False]
    assert select(selected=True, ids=[first, theirs, 2**60]) == [False, True]
    untouched = CartItem.objects.filter(updated_at=LONG_AGO)
    assert untouched.values_list("pk", flat=True).get() == theirs
    assert select(selected=False, ids=[]) == [False, True]
    assert select(selected=True, ids=None) == [True, True]
    select(selected=False, ids=[first, theirs])
    for bad in ({}, {"selected": "x"}, {"selected": True, "ids": ["x"]}):
        answer = shopper_api.post(f"{URL}/select", bad, format="json")
        assert refusal(answer)[:2] == (400, "invalid")
    left = shopper_api.delete(f"{URL}/selected").json()["data"]["list"]
    assert [line["id"] for line in left] == [first]
    assert shown(other_api) == [(sku.pk, 1, True, "ok")]
