"""PUT and PATCH of products: only what is sent."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product, Sku
from catalog.tests.conftest import images, ledger, refused, skus

Make = Callable[..., Product]


def put(api: APIClient, product: Product, **body: Any) -> Any:
    return api.put(f"/api/products/{product.pk}", body, format="json")


def facts(product: Product) -> dict[str, Any]:
    """Return the row as it is in the database."""
    return Product.objects.filter(pk=product.pk).values().get()


@pytest.mark.parametrize("method", ["put", "patch"])
def test_only_what_is_sent_changes(
    staff_api: APIClient, product_make: Make, method: str
) -> None:
    product = product_make("龙井", description="香", sales=3, image="uploads/a.jpg")
    before = facts(product)
    response = getattr(staff_api, method)(
        f"/api/products/{product.pk}", {"name": "毛峰"}, format="json"
    )
    assert response.status_code == 200
    assert response.json()["message"] == "更新成功"
    assert response.json()["data"]["name"] == "毛峰"
    after = facts(product)
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == {**before, "name": "毛峰"}
    assert skus(product.pk) == [({}, "99.00", 10, True)]
    assert images(product.pk) == ["uploads/a.jpg"]


def test_sending_what_is_there_writes_nothing(
    staff_api: APIClient, product_make: Make, upload_make: Callable[[str], str]
) -> None:
    product = product_make("龙井", image=f"uploads/202601/{'a' * 32}.jpg")
    before = facts(product)
    for body in (
        {},
        {"name": "龙井", "price": "99.00", "stock": 10, "status": "on_sale"},
        {"images": [upload_make("a")], "expectedStock": 10},
    ):
        assert put(staff_api, product, **body).status_code == 200
    assert facts(product) == before
    assert len(ledger(product.pk)) == 1


def test_plain_price_and_stock_are_those_of_the_one_sku(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    data = put(staff_api, product, price="88.80", stock=4).json()["data"]
    assert (data["price"], data["stock"]) == ("88.80", 4)
    assert skus(product.pk) == [({}, "88.80", 4, True)]
    assert facts(product)["price"] == Decimal("88.80")
    assert ledger(product.pk) == [("initial", 10, 10), ("adjustment", -6, 4)]


def test_plain_figures_on_several_skus_are_refused(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    Sku.objects.create(product=product, specs={"a": "b"}, price="1.00")
    before = facts(product)
    for body in ({"price": "1.00"}, {"stock": 1}, {"expectedStock": 0}):
        refused(
            put(staff_api, product, name="新", **body),
            skus="多规格商品的价格和库存请在SKU列表中修改",
        )
    assert facts(product) == before


def test_expected_stock_that_differs_is_a_conflict(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    before = facts(product)
    response = put(
        staff_api, product, name="新", price="1.00", stock=20, expectedStock=9
    )
    assert response.status_code == 409
    assert response.json() == {
        "code": 409,
        "message": "库存已变化,请重新打开页面",
        "data": {
            "error": "stock_changed",
            "skuId": product.skus.get().pk,
            "stock": 10,
        },
    }
    assert facts(product) == before
    assert skus(product.pk) == [({}, "99.00", 10, True)]
    assert put(staff_api, product, stock=20, expectedStock=10).status_code == 200
    assert ledger(product.pk) == [("initial", 10, 10), ("adjustment", 10, 20)]


def test_images_are_replaced_in_their_order(
    staff_api: APIClient, product_make: Make, upload_make: Callable[[str], str]
) -> None:
    product = product_make(image="uploads/old.jpg")
    urls = [upload_make("c"), upload_make("b")]
    assert put(staff_api, product, images=urls).json()["data"]["images"] == urls
    assert put(staff_api, product, images=urls[::-1]).json()["data"]["images"] == [
        urls[1],
        urls[0],
    ]
    assert put(staff_api, product, images=[]).json()["data"]["images"] == []


def test_off_sale_products_are_written_and_shown_to_the_writer(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    assert put(staff_api, product, status="off_sale").json()["data"]["status"] == (
        "off_sale"
    )
    assert staff_api.get(f"/api/products/{product.pk}").status_code == 404
    assert put(staff_api, product, name="新").json()["data"]["name"] == "新"
    put(staff_api, product, status="on_sale")
    assert staff_api.get(f"/api/products/{product.pk}").status_code == 200


def test_what_may_be_empty_can_be_emptied(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make(description="香", original_price="100.00")
    data = put(
        staff_api, product, description="", originalPrice=None, category=None
    ).json()["data"]
    assert (data["description"], data["originalPrice"]) == ("", None)


def test_sales_ids_and_times_stay(staff_api: APIClient, product_make: Make) -> None:
    product = product_make(sales=3)
    before = facts(product)
    body = {"id": 7, "sales": 900, "createdAt": "2001-01-01", "price_fen": 1}
    assert put(staff_api, product, **body).status_code == 200
    assert facts(product) == before


@pytest.mark.parametrize("pk", [0, 10**18])
def test_unknown_products_are_404(staff_api: APIClient, pk: int) -> None:
    response = staff_api.put(f"/api/products/{pk}", {"name": "x"}, format="json")
    assert (response.status_code, response.json()["message"]) == (404, "商品不存在")


def test_deleting_marks_and_keeps_everything(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make()
    response = staff_api.delete(f"/api/products/{product.pk}")
    assert response.status_code == 200
    assert response.json() == {"code": 0, "message": "删除成功", "data": None}
    assert facts(product)["status"] == "deleted"
    assert skus(product.pk) == [({}, "99.00", 10, True)]
    assert len(ledger(product.pk)) == 1


def test_a_deleted_product_cannot_be_written(
    staff_api: APIClient, product_make: Make
) -> None:
    product = product_make(status="deleted")
    before = facts(product)
    path = f"/api/products/{product.pk}"
    for response in (
        staff_api.delete(path),
        put(staff_api, product, status="on_sale"),
        staff_api.patch(path, {"stock": 5}, format="json"),
    ):
        assert (response.status_code, response.json()["message"]) == (404, "商品不存在")
    assert facts(product) == before
