"""Flash sales as the public sees them: a list, and a price on the product."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from catalog.models import FlashSaleSku, Product, Sku
from catalog.services.flash_sales import (
    flash_sale_create,
    flash_sale_end,
    flash_sale_restock,
)
from catalog.services.products import products_set_status
from catalog.tests.flash_sales import HOUR, NOON, line, terms
from shop.api.images import image_url

Make = Callable[..., Product]


def listed(api: APIClient, **query: Any) -> Any:
    response = api.get("/api/flash-sales", query)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def shown_sku(product: Product, **changes: Any) -> dict[str, Any]:
    """Return how a line with the terms of `line` is shown."""
    shown = {"skuId": product.skus.get().pk, "productId": product.pk}
    shown |= {"name": product.name, "specs": {}, "image": "", "price": "59.00"}
    shown |= {"originalPrice": str(product.price), "limit": 2, "minQuantity": 1}
    return shown | changes


def test_running_sales_come_before_those_to_come(
    set_clock: Any, api: APIClient, product_make: Make, django_assert_num_queries: Any
) -> None:
    set_clock(NOON)
    tea = product_make("龙井茶", price="99.00", stock=10, image="uploads/tea.jpg")
    cup = product_make("茶杯", price="20.00", stock=4, spec_names=["颜色"])
    Sku.objects.filter(product=cup).update(specs={"颜色": "白"})
    gone = product_make("旧款")
    two = {"price": Decimal("15.00"), "user_limit": None, "min_quantity": 2}
    group = flash_sale_create(
        **terms(line(cup.skus.get(), stock=4, **two), name="两件团", kind="group")
    )
    flash = flash_sale_create(
        **terms(line(tea.skus.get()), line(gone.skus.get()), starts_at=NOON)
    )
    products_set_status(product_ids=[gone.pk], status="off_sale", operator_id=None)
    FlashSaleSku.objects.filter(sku__product=tea).update(sold=2)
    # Less than what is left of the sale.
    Sku.objects.filter(product=cup).update(stock=3)
    with django_assert_num_queries(4):
        page = listed(api)
    assert page["pagination"] == {"total": 2, "page": 1, "size": 10, "totalPages": 1}
    picture = image_url("uploads/tea.jpg")
    of_two = {"price": "15.00", "limit": None, "minQuantity": 2}
    assert page["list"] == [
        {
            "id": flash.pk,
            "name": "午间秒杀",
            "kind": "flash",
            "isRunning": True,
            "startsAt": "2026-12-01T12:00:00+08:00",
            "endsAt": "2026-12-01T14:00:00+08:00",
            "skus": [shown_sku(tea, image=picture, stock=3)],
        },
        {
            "id": group.pk,
            "name": "两件团",
            "kind": "group",
            "isRunning": False,
            "startsAt": "2026-12-01T13:00:00+08:00",
            "endsAt": "2026-12-01T14:00:00+08:00",
            "skus": [shown_sku(cup, specs={"颜色": "白"}, stock=3, **of_two)],
        },
    ]
    assert [sale["id"] for sale in listed(api, size=1, page=2)["list"]] == [group.pk]


def test_neither_a_price_that_is_none_nor_a_sale_that_is_over_is_listed(
    set_clock: Any, api: APIClient, product_make: Make
) -> None:
    set_clock(NOON)
    tea = product_make("龙井茶", price="99.00", stock=10)
    flash_sale_create(**terms(line(tea.skus.get()), starts_at=NOON))
    assert listed(api)["list"][0]["skus"] == [shown_sku(tea, stock=5)]
    # Cheaper than in the sale by now.
    Sku.objects.filter(product=tea).update(price="59.00")
    assert listed(api)["list"][0]["skus"] == []
    set_clock(NOON + 2 * HOUR)
    assert listed(api)["list"] == []


def test_a_product_shows_its_sale_from_a_day_before_until_its_end(
    set_clock: Any, api: APIClient, product_make: Make, django_assert_num_queries: Any
) -> None:
    set_clock(NOON)
    tea = product_make("龙井茶", price="99.00", stock=10)
    sale = flash_sale_create(**terms(line(tea.skus.get()), starts_at=NOON + HOUR))

    def shown() -> Any:
        with django_assert_num_queries(1):
            data = api.get(f"/api/products/{tea.pk}").json()["data"]
        return data["price"], data["skus"][0]["price"], data["skus"][0]["sale"]

    def told(**changes: Any) -> tuple[Any, ...]:
        terms = {
            "id": sale.pk,
            "kind": "flash",
            "price": "59.00",
            "stock": 5,
            "limit": 2,
            "minQuantity": 1,
            "startsAt": "2026-12-01T13:00:00+08:00",
            "endsAt": "2026-12-01T14:00:00+08:00",
        }
        return "99.00", "99.00", terms | changes

    none = ("99.00", "99.00", None)
    set_clock(NOON - timedelta(hours=23))
    assert shown() == none
    set_clock(NOON - timedelta(hours=23) + timedelta(seconds=1))
    assert shown() == told()
    set_clock(NOON + HOUR)
    FlashSaleSku.objects.update(sold=5)
    assert shown() == told(stock=0)
    flash_sale_restock(sale_id=sale.pk, stocks={FlashSaleSku.objects.get().pk: 6})
    assert shown() == told(stock=1)
    set_clock(NOON + 2 * HOUR)
    assert shown() == none
    set_clock(NOON + HOUR * 1.5)
    flash_sale_end(sale_id=sale.pk)
    assert shown() == none


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_lives_no_longer_than_the_next_change(
    api: APIClient, product_make: Make, set_clock: Any
) -> None:
    sku = product_make("龙井茶", price="99.00", stock=10).skus.get()
    set_clock(NOON)
    flash_sale_create(**terms(line(sku), starts_at=NOON + timedelta(seconds=1)))
    # The second who asks finds it worth keeping.
    listed(api)
    listed(api)
    client: Any = cache.client.get_client()  # type: ignore[attr-defined]
    (place,) = client.keys("shop:kept:[0-9]*")
    assert client.pttl(place) <= 1000
