"""A product's page that is older than what somebody has written since."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.models import Product, Sku
from catalog.services.products import product_update
from catalog.services.skus import SkuChange
from catalog.tests.admin_pages import (
    STALE,
    errors,
    facts,
    inputs,
    page_data,
    product_page,
)
from catalog.tests.conftest import images, skus

Make = Callable[..., Product]


@pytest.mark.parametrize("what", ["name", "sku", "picture", "status"])
def test_an_older_page_is_refused_and_keeps_what_was_typed(
    client: Client, shirt: Product, what: str
) -> None:
    data = page_data(client, product_page(shirt))
    changes: dict[str, Any] = {
        "name": {"fields": {"name": "别人的"}},
        "status": {"fields": {"status": "off_sale"}},
        "picture": {"fields": {}, "images": ["uploads/z.jpg"]},
        "sku": {
            "fields": {},
            "skus": [
                SkuChange(id=sku.pk, price=sku.price + 1)
                for sku in shirt.skus.order_by("-price")
            ],
        },
    }
    product_update(product_id=shirt.pk, operator_id=None, **changes[what])
    before = (facts(shirt), skus(shirt.pk), images(shirt.pk))
    response = client.post(
        product_page(shirt), data | {"name": "我的新名字", "skus-0-price": "1"}
    )
    assert STALE in errors(response)
    sent = inputs(response)
    assert (sent["name"], sent["skus-0-price"]) == ("我的新名字", "1")
    assert (facts(shirt), skus(shirt.pk), images(shirt.pk)) == before
    # Sending it once more does not help.
    assert STALE in errors(client.post(product_page(shirt), sent))
    assert (facts(shirt), skus(shirt.pk), images(shirt.pk)) == before


def test_a_page_older_than_a_retired_sku_is_refused(
    client: Client, shirt: Product
) -> None:
    data = page_data(client, product_page(shirt))
    first, second = shirt.skus.order_by("pk")
    product_update(
        product_id=shirt.pk,
        fields={},
        skus=[SkuChange(id=second.pk)],
        operator_id=None,
    )
    before = skus(shirt.pk)
    assert STALE in errors(client.post(product_page(shirt), data | {"name": "新"}))
    assert skus(shirt.pk) == before
    assert not Sku.objects.get(pk=first.pk).is_active


def test_a_page_without_its_version_is_refused(client: Client, shirt: Product) -> None:
    data = page_data(client, product_page(shirt)) | {"version": "", "name": "新"}
    assert errors(client.post(product_page(shirt), data)) == [STALE]
    assert facts(shirt)["name"] == "T恤"


def test_orders_and_sales_do_not_make_a_page_old(
    client: Client, shirt: Product
) -> None:
    data = page_data(client, product_page(shirt))
    Product.objects.filter(pk=shirt.pk).update(sales=3)
    shirt.skus.update(stock=1)
    response = client.post(product_page(shirt), data | {"name": "新"})
    assert response.status_code == 302, errors(response)
    assert (facts(shirt)["name"], facts(shirt)["sales"]) == ("新", 3)
    assert [stock for _, _, stock, _ in skus(shirt.pk)] == [1, 1]
