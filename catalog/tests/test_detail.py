"""GET /api/products/{id}."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from catalog.models import Product, Sku

Make = Callable[..., Product]


def test_detail_adds_skus_and_specs_in_the_order_of_staff(
    api: APIClient, product_make: Make
) -> None:
    product = product_make("T恤", price="59.00", spec_names=["颜色", "尺码"])
    Sku.objects.filter(product=product).update(is_active=False)
    picture = f"{settings.PUBLIC_URL}/media/uploads/a.jpg"
    shown = [
        {
            "id": Sku.objects.create(
                product=product,
                specs={"尺码": size, "颜色": color},
                price=price,
                stock=stock,
                position=position,
                code=f"T{position}",
                image="uploads/a.jpg" if color == "白" else "",
            ).pk,
            "specs": {"颜色": color, "尺码": size},
            "price": price,
            "stock": stock,
            "code": f"T{position}",
            "image": picture if color == "白" else "",
            "weightGrams": 0,
            "sale": None,
        }
        for position, (color, size, price, stock) in enumerate(
            [("白", "M", "59.00", 3), ("白", "S", "59.00", 0), ("黑", "M", "69.00", 4)]
        )
    ]
    data = api.get(f"/api/products/{product.pk}").json()["data"]
    assert data["skus"] == shown
    assert list(data["skus"][0]["specs"]) == ["颜色", "尺码"]
    assert data["specs"] == [
        {"name": "颜色", "values": ["白", "黑"]},
        {"name": "尺码", "values": ["M", "S"]},
    ]
    assert (data["name"], data["price"], data["stock"]) == ("T恤", "59.00", 7)


def test_a_plain_product_has_one_sku_without_specs(
    api: APIClient, product_make: Make
) -> None:
    product = product_make()
    data = api.get(f"/api/products/{product.pk}").json()["data"]
    assert data["specs"] == []
    assert [sku["specs"] for sku in data["skus"]] == [{}]


@pytest.mark.parametrize("pk", ["0", "1" + "0" * 18, "9" * 19])
def test_unknown_products_are_404(api: APIClient, pk: str) -> None:
    response = api.get(f"/api/products/{pk}")
    assert response.status_code == 404
    assert response.json()["message"] == "商品不存在"
    assert response.json()["data"] == {"error": "not_found"}


@pytest.mark.parametrize("pk", ["abc", "-1", "1.0", "1%00", "9" * 5000])
def test_what_is_no_id_is_404(api: APIClient, pk: str) -> None:
    assert api.get(f"/api/products/{pk}").status_code == 404


@pytest.mark.parametrize("status", ["off_sale", "deleted"])
def test_what_is_not_on_sale_does_not_exist(
    api: APIClient, product_make: Make, status: str
) -> None:
    product = product_make(status=status)
    response = api.get(f"/api/products/{product.pk}")
    assert (response.status_code, response.json()["message"]) == (404, "商品不存在")


def test_one_statement_whatever_the_skus(
    api: APIClient, product_make: Make, django_assert_num_queries: Any
) -> None:
    product = product_make(image="uploads/a.jpg")
    for number in range(40):
        with django_assert_num_queries(1):
            assert api.get(f"/api/products/{product.pk}").status_code == 200
        Sku.objects.create(product=product, price="9.00", specs={"n": str(number)})
