"""A product as a shopper would see it, before shoppers do."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Product
from catalog.services.products import product_delete, product_update
from catalog.services.skus import SkuChange
from catalog.tests.admin_pages import PRODUCTS, staff_client

Make = Callable[..., Product]


def preview(product: Product) -> str:
    return f"{PRODUCTS}{product.pk}/preview/"


@pytest.fixture
def shown(shirt: Product) -> Product:
    """A product with everything that a shopper sees."""
    red, blue = shirt.skus.order_by("pk")
    product_update(
        product_id=shirt.pk,
        fields={
            "description": "<h2>面料</h2><p>纯<b>棉</b></p>",
            "original_price": Decimal(99),
        },
        skus=[SkuChange(id=red.pk, stock=0), SkuChange(id=blue.pk)],
        images=["uploads/a.jpg", "uploads/b.jpg"],
        operator_id=None,
    )
    Product.objects.update(sales=3)
    return shirt


def test_it_shows_what_the_public_route_answers(
    client: Client, api: APIClient, shown: Product
) -> None:
    page = client.get(preview(shown))
    public = api.get(f"/api/products/{shown.pk}").json()["data"]
    assert page.context["product"] == public
    text = page.content.decode()
    for part in (
        *("T恤", "¥59.00 – 69.00", "¥99.00", "已售 3", "颜色", "尺码", "7 件", "缺货"),
        *(f'src="{url}"' for url in public["images"]),
        "<h2>面料</h2><p>纯<b>棉</b></p>",
    ):
        assert part in text
    assert "买家看不到" not in text


def test_one_that_is_off_sale_is_shown_to_staff_alone(
    client: Client, api: APIClient, product_make: Make
) -> None:
    product = product_make(status="off_sale")
    page = client.get(preview(product))
    assert "不在售,买家看不到" in page.content.decode()
    assert page.context["product"]["status"] == "off_sale"
    assert api.get(f"/api/products/{product.pk}").status_code == 404


def test_no_cache_keeps_it(client: Client, shown: Product) -> None:
    kept = client.get(preview(shown))["Cache-Control"]
    assert {"no-store", "private"} <= set(kept.split(", "))


def test_a_deleted_product_and_none_have_no_preview(
    client: Client, product_make: Make
) -> None:
    product = product_make()
    product_delete(product_id=product.pk)
    assert client.get(preview(product)).status_code == 404
    for odd in ("0", "x", "9" * 30):
        assert client.get(f"{PRODUCTS}{odd}/preview/").status_code == 404


def test_what_was_written_around_the_cleaning_runs_nowhere(
    client: Client, product_make: Make
) -> None:
    script = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    product = product_make(description=script)
    Product.objects.update(name=script)
    text = client.get(preview(product)).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "onerror=alert(2)&gt;" in text


def test_who_may_see_products_may_see_it(product_make: Make) -> None:
    product = product_make()
    assert staff_client("view_category").get(preview(product)).status_code == 403
    reader = staff_client("view_product", name="reader")
    assert reader.get(preview(product)).status_code == 200
    link = f'href="{preview(product)}"'
    page = reader.get(f"{PRODUCTS}{product.pk}/change/").content.decode()
    assert link in page
    assert 'target="_blank"' in page[page.index(link) :][:400]


def test_queries_do_not_grow_with_rows(
    client: Client,
    product_make: Make,
    shown: Product,
    django_assert_max_num_queries: Any,
) -> None:
    plain = product_make()
    with django_assert_max_num_queries(15) as few:
        client.get(preview(plain))
    count = len(few)
    with django_assert_max_num_queries(count):
        client.get(preview(shown))
