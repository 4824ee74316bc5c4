"""The cart: what goes in, what is shown, what is taken out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.errors import UserNotFound
from accounts.models import User
from catalog.models import (
    Favorite,
    FlashSaleKind,
    FlashSaleSku,
    Footprint,
    Product,
    Sku,
)
from catalog.services.favorites import favorite_add
from catalog.services.flash_sales import (
    SaleLine,
    flash_sale_create,
    flash_sale_end,
)
from catalog.services.footprints import footprint_add
from conftest import alone, lock_waiters, wait_until
from orders.models import CartItem
from orders.services.accounts import account_delete, account_export
from orders.services.cart import cart_add
from orders.tests.conftest import line, placed
from orders.tests.processes import several_processes

URL = "/api/cart"


def add(client: APIClient, sku: Sku, quantity: int = 1, **extra: Any) -> Any:
    sent = {"skuId": sku.pk, "quantity": quantity}
    return client.post(URL, sent, format="json", **extra)


def refusal(answer: Any) -> tuple[int, str, Any]:
    body = answer.json()
    facts = {key: value for key, value in body["data"].items() if key != "error"}
    return answer.status_code, body["data"]["error"], facts


def shown(client: APIClient) -> list[tuple[int, int, bool, str]]:
    """Return SKU, quantity, selected and state of each line, in the cart's order."""
    return [
        (line["skuId"], line["quantity"], line["selected"], line["state"])
        for line in client.get(URL).json()["data"]["list"]
    ]


@pytest.fixture
def sku(tea: Product) -> Sku:
    return Sku.objects.get(product=tea)


@pytest.fixture
def cup_sku(cup: Product) -> Sku:
    return Sku.objects.get(product=cup)


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

    def select(**sent: Any) -> list[bool]:
        answer = shopper_api.post(f"{URL}/select", sent, format="json")
        assert answer.status_code == 200
        return [line["selected"] for line in answer.json()["data"]["list"]]

    assert select(selected=False) == [False, False]
    assert select(selected=True, ids=[first, theirs, 2**60]) == [False, True]
    assert select(selected=False, ids=[]) == [False, True]
    assert select(selected=True, ids=None) == [True, True]
    select(selected=False, ids=[first, theirs])
    for bad in ({}, {"selected": "x"}, {"selected": True, "ids": ["x"]}):
        answer = shopper_api.post(f"{URL}/select", bad, format="json")
        assert refusal(answer)[:2] == (400, "invalid")
    left = shopper_api.delete(f"{URL}/selected").json()["data"]["list"]
    assert [line["id"] for line in left] == [first]
    assert shown(other_api) == [(sku.pk, 1, True, "ok")]


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


def test_two_at_once_merge_into_one_line(
    transactional_db: None, patient_database: None, shopper: User, sku: Sku
) -> None:
    Sku.objects.filter(pk=sku.pk).update(stock=100)
    together = Barrier(8)

    def act(_: int) -> int:
        together.wait()
        return cart_add(user_id=shopper.pk, sku_id=sku.pk, quantity=3)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(alone(act), range(8)))
    assert CartItem.objects.get().quantity == 24
    assert keys == {CartItem.objects.get().pk}


def test_orders_and_carts_take_lines_in_one_order(
    transactional_db: None,
    patient_database: None,
    monkeypatch: Any,
    shopper_api: APIClient,
    two_skus: Any,
) -> None:
    """Or one that is placed and one who selects all could wait for each other."""
    several_processes(monkeypatch)
    # By the indexes, as where there are many carts.
    options = connection.settings_dict["OPTIONS"]
    plans = "".join(
        f" -c enable_{name}=off" for name in ("seqscan", "hashjoin", "mergejoin")
    )
    monkeypatch.setitem(options, "options", options["options"] + plans)
    product, small, large = two_skus
    for sku in (large, small):
        add(shopper_api, sku)
    first, second = CartItem.objects.order_by("pk")
    lines = [{**line(product), "skuId": sku.pk} for sku in (small, large)]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            CartItem.objects.select_for_update().get(pk=first.pk)
            order = pool.submit(alone(placed), shopper_api, *lines, fromCart=True)
            wait_until(lambda: lock_waiters() == 1)
            free = CartItem.objects.select_for_update(skip_locked=True)
            assert free.filter(pk=second.pk).exists()
        assert len(order.result()["items"]) == 2
    assert shown(shopper_api) == []


def test_what_is_a_shoppers_own_is_exported_and_goes_with_the_account(
    transactional_db: None, shopper: User, shopper_api: APIClient, sku: Sku
) -> None:
    add(shopper_api, sku, 2, HTTP_IDEMPOTENCY_KEY="tap-1")
    [line] = account_export(user=shopper)["cart"]
    assert line.pop("createdAt") <= line.pop("updatedAt")
    assert line == {
        "skuId": sku.pk,
        "name": "龙井茶",
        "specs": {},
        "quantity": 2,
        "selected": True,
        "priceAdded": "99.00",
        "idempotencyKey": "tap-1",
    }
    favorite_add(user_id=shopper.pk, product_id=sku.product_id)
    footprint_add(user_id=shopper.pk, product_id=sku.product_id)
    told = account_export(user=shopper)
    for name, moment in (("favorites", "createdAt"), ("footprints", "seenAt")):
        [row] = told[name]
        assert row.pop(moment)
        assert row == {"productId": sku.product_id, "name": "龙井茶"}
    account_delete(user_id=shopper.pk)
    for model in (CartItem, Favorite, Footprint):
        assert model.objects.count() == 0
    # As a request would that was let in before.
    with pytest.raises(UserNotFound):
        cart_add(user_id=shopper.pk, sku_id=sku.pk, quantity=1)
    assert CartItem.objects.count() == 0
