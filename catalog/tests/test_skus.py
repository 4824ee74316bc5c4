"""`skus` replaces the set of a product's SKUs."""

from collections.abc import Callable
from typing import Any

from django.db.models import Sum
from rest_framework.test import APIClient

from catalog.models import Product, Sku, StockMovement
from catalog.tests.conftest import ledger, refused, skus

Make = Callable[..., Product]


def put(api: APIClient, product: Product, *lines: dict[str, Any]) -> Any:
    path = f"/api/products/{product.pk}"
    return api.put(path, {"skus": list(lines)}, format="json")


def color(text: str, **fields: Any) -> dict[str, Any]:
    return {"specs": {"颜色": text}, "price": "9.00", "stock": 1, **fields}


def made(api: APIClient, product: Product, *lines: dict[str, Any]) -> list[int]:
    """Replace the set; return the ids of the SKUs."""
    response = put(api, product, *lines)
    assert response.status_code == 200, response.content
    return [sku["id"] for sku in response.json()["data"]["skus"]]


def test_a_set_replaces_the_plain_sku_which_retires_with_its_stock(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    made(staff_api, product, color("白", price="20.00"), color("黑", stock=0))
    assert skus(product.pk) == [
        ({}, "99.00", 10, False),
        ({"颜色": "白"}, "20.00", 1, True),
        ({"颜色": "黑"}, "9.00", 0, True),
    ]
    assert ledger(product.pk) == [("initial", 10, 10), ("initial", 1, 1)]
    data = staff_api.get(f"/api/products/{product.pk}").json()["data"]
    assert (data["price"], data["stock"]) == ("9.00", 1)


def test_ids_keep_their_skus_and_what_is_not_sent_of_them(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    white, black = made(
        staff_api, product, color("白", code="W", stock=5), color("黑", code="B")
    )
    ids = made(
        staff_api,
        product,
        {"id": black, "price": "7.00"},
        {"id": white, "stock": 8},
        color("红"),
    )
    assert ids[:2] == [black, white]
    rows = Sku.objects.filter(product=product, is_active=True).order_by("position")
    assert list(rows.values_list("specs", "price", "stock", "code")) == [
        ({"颜色": "黑"}, 7, 1, "B"),
        ({"颜色": "白"}, 9, 8, "W"),
        ({"颜色": "红"}, 9, 1, ""),
    ]
    assert list(
        StockMovement.objects.filter(sku=white).values_list("reason", "delta")
    ) == [("initial", 5), ("adjustment", 3)]


def test_two_skus_may_swap_specs_and_codes(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    white, black = made(
        staff_api, product, color("白", code="W"), color("黑", code="B")
    )
    assert made(
        staff_api,
        product,
        {"id": white, "specs": {"颜色": "黑"}, "code": "B"},
        {"id": black, "specs": {"颜色": "白"}, "code": "W"},
    ) == [white, black]
    assert Sku.objects.get(pk=white).specs == {"颜色": "黑"}
    assert Sku.objects.get(pk=black).code == "W"


def test_equal_specs_that_come_back_are_a_new_sku(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    [first] = made(staff_api, product, color("白", stock=5))
    made(staff_api, product, color("黑"))
    [again] = made(staff_api, product, color("白", stock=2))
    assert again != first
    old = Sku.objects.get(pk=first)
    assert (old.is_active, old.stock) == (False, 5)
    moved = StockMovement.objects.filter(sku=first).aggregate(sum=Sum("delta"))
    assert moved == {"sum": 5}


def test_ids_must_be_active_ones_of_the_product_and_once_each(
    staff_api: APIClient, product_make: Make
) -> None:
    product, other = product_make("甲"), product_make("乙")
    retired = product.skus.get().pk
    [own] = made(staff_api, product, color("白"))
    before = skus(product.pk)
    for pk in (other.skus.get().pk, retired, 10**15):
        refused(put(staff_api, product, {"id": pk}), skus="SKU不属于该商品")
    twice = put(staff_api, product, {"id": own}, {"id": own, "specs": {"颜色": "黑"}})
    refused(twice, skus="SKU编号重复")
    assert skus(product.pk) == before


def test_one_wrong_expectation_changes_no_sku(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    white, black = made(staff_api, product, color("白", stock=5), color("黑", stock=6))
    before = skus(product.pk), ledger(product.pk)
    response = put(
        staff_api,
        product,
        {"id": white, "stock": 50, "expectedStock": 5},
        {"id": black, "stock": 60, "expectedStock": 7, "price": "1.00"},
        color("红"),
    )
    assert response.status_code == 409
    assert response.json()["data"] == {
        "error": "stock_changed",
        "skuId": black,
        "stock": 6,
    }
    assert (skus(product.pk), ledger(product.pk)) == before


def test_the_same_set_again_writes_nothing(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    white, black = made(staff_api, product, color("白"), color("黑"))
    before = Product.objects.values().get(), ledger(product.pk)
    made(staff_api, product, color("白", id=white), color("黑", id=black))
    assert (Product.objects.values().get(), ledger(product.pk)) == before
