"""GET /api/cart: what the lines cost now, and which can be bought."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import FlashSaleKind, FlashSaleSku, Product, Sku
from catalog.services.flash_sales import SaleLine, flash_sale_create, flash_sale_end
from orders.models import CartItem
from orders.tests.conftest import line, placed

from .filling import URL, add, refusal, shown


def test_what_is_put_in_is_shown_with_its_sums(
    shopper_api: APIClient, other_api: APIClient, sku: Sku, two_skus: Any
) -> None:
    product, _, large = two_skus
    answer = add(shopper_api, sku, 2)
    assert (answer.status_code, answer.json()["message"]) == (201, "已加入购物车")
    add(shopper_api, large, 3)
    Sku.objects.filter(pk=large.pk).update(price="55.50")
    data = shopper_api.get(URL).json()["data"]
    newest, oldest = data.pop("list")
    assert newest.pop("createdAt").endswith("+08:00")
    assert newest == {
        "id": CartItem.objects.get(sku=large).pk,
        "productId": product.pk,
        "skuId": large.pk,
        "name": "T恤",
        "specs": {"尺码": "L"},
        "image": "",
        "price": "55.50",
        "originalPrice": "55.50",
        "priceAdded": "60.00",
        "priceChanged": True,
        "quantity": 3,
        "amount": "166.50",
        "stock": 7,
        "selected": True,
        "state": "ok",
    }
    assert (oldest["name"], oldest["priceChanged"]) == ("龙井茶", False)
    sums = {"quantity": 5, "selectedQuantity": 5, "selectedAmount": "364.50"}
    assert data == {
        "pagination": {"total": 2, "page": 1, "size": 100, "totalPages": 1},
        "lines": 2,
        **sums,
    }
    second = shopper_api.get(URL, {"page": 2, "size": 1}).json()["data"]
    assert [line["skuId"] for line in second["list"]] == [sku.pk]
    assert second["pagination"]["totalPages"] == 2
    assert {name: second[name] for name in sums} == sums
    for page in ({"page": "x"}, {"page": 0}, {"size": 101}):
        assert shopper_api.get(URL, page).status_code == 400
    count = shopper_api.get(f"{URL}/count").json()["data"]
    assert count == {"lines": 2, "quantity": 5}
    assert other_api.get(f"{URL}/count").json()["data"] == {"lines": 0, "quantity": 0}
    assert shown(other_api) == []


def test_states_and_what_is_summed(
    shopper_api: APIClient, sku: Sku, product_make: Callable[..., Product]
) -> None:
    names = ("sold_out", "short", "off_sale", "gone", "gone")
    skus = [Sku.objects.get(product=product_make(stock=5)) for _ in names]
    for one in skus:
        add(shopper_api, one, 3)
    add(shopper_api, sku, 1)
    sold_out, short, off_sale, deleted, retired = skus
    Sku.objects.filter(pk=sold_out.pk).update(stock=0)
    Sku.objects.filter(pk=short.pk).update(stock=2)
    Product.objects.filter(pk=off_sale.product_id).update(status="off_sale")
    Product.objects.filter(pk=deleted.product_id).update(status="deleted")
    Sku.objects.filter(pk=retired.pk).update(is_active=False)
    states = [(sku.pk, "ok"), *zip([one.pk for one in skus], names, strict=True)][::-1]
    states = [states[-1], *states[:-1]]
    assert [(line[0], line[3]) for line in shown(shopper_api)] == states
    data = shopper_api.get(URL).json()["data"]
    assert (data["quantity"], data["selectedQuantity"]) == (16, 1)
    assert data["selectedAmount"] == "99.00"

    # What is sold out may come again.
    cleared = shopper_api.delete(f"{URL}/gone").json()
    assert cleared["message"] == "已清理失效商品"
    assert [line["skuId"] for line in cleared["data"]["list"]] == [
        sku.pk,
        short.pk,
        sold_out.pk,
    ]


def test_a_flash_sale_shows_its_price_and_what_it_leaves(
    shopper_api: APIClient, sku: Sku
) -> None:
    add(shopper_api, sku, 1)
    now = timezone.now()
    sale = flash_sale_create(
        name="秒杀",
        kind=FlashSaleKind.FLASH,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
        lines=[SaleLine(sku_id=sku.pk, price=Decimal("59.00"), stock=3, user_limit=2)],
    )
    short = {"skuId": sku.pk, "name": "龙井茶", "requested": 3, "available": 2}
    answer = add(shopper_api, sku, 2)
    assert refusal(answer) == (409, "sale_limit", {"items": [short]})
    assert answer.json()["message"] == "商品龙井茶超出活动限购,还可买2件"
    # The sale itself has three.
    FlashSaleSku.objects.update(user_limit=9)
    answer = add(shopper_api, sku, 3)
    short = short | {"requested": 4, "available": 3}
    assert refusal(answer) == (409, "insufficient_stock", {"items": [short]})
    FlashSaleSku.objects.update(user_limit=2)
    names = ("price", "originalPrice", "priceAdded", "priceChanged", "stock", "amount")

    def told() -> list[Any]:
        [line] = shopper_api.get(URL).json()["data"]["list"]
        return [line[name] for name in names]

    assert told() == ["59.00", "99.00", "99.00", True, 2, "59.00"]
    add(shopper_api, sku, 1)
    assert told() == ["59.00", "99.00", "59.00", False, 2, "118.00"]
    placed(shopper_api, {**line(sku.product), "quantity": 1})
    # One of the two that each may have is left.
    assert shown(shopper_api) == [(sku.pk, 2, True, "short")]
    flash_sale_end(sale_id=sale.pk)
    assert told() == ["99.00", "99.00", "59.00", True, 9, "198.00"]


def test_statements_do_not_grow_with_the_cart(
    shopper_api: APIClient,
    product_make: Callable[..., Product],
    django_assert_num_queries: Any,
) -> None:
    skus = [Sku.objects.get(product=product_make(image="a.jpg")) for _ in range(4)]
    for one in skus:
        key = add(shopper_api, one).json()["data"]["id"]
    # Who asks; lines, SKUs, sales. A write: begin, shopper, lines, SKU, sales, line,
    # end; and what is read.
    with django_assert_num_queries(4):
        assert len(shopper_api.get(URL).json()["data"]["list"]) == 4
    with django_assert_num_queries(2):
        shopper_api.get(f"{URL}/count")
    with django_assert_num_queries(11):
        add(shopper_api, skus[0])
    with django_assert_num_queries(11):
        shopper_api.patch(f"{URL}/{key}", {"quantity": 2}, format="json")
    with django_assert_num_queries(8):
        shopper_api.post(f"{URL}/select", {"selected": False}, format="json")
    with django_assert_num_queries(5):
        shopper_api.delete(f"{URL}/{key}")
