"""Favourites and footprints: a shopper's own, the newest first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.jobs import footprints_delete
from catalog.models import Favorite, Footprint, Product, Sku
from catalog.services.favorites import favorite_add
from catalog.services.footprints import FOOTPRINTS_MAX, footprint_add
from conftest import alone, lock_waiters, wait_until
from shop.api.images import image_url
from shop.errors import NotFound

LISTS = ("/api/favorites", "/api/footprints")


def post(client: APIClient, url: str, product_id: Any) -> Any:
    return client.post(url, {"productId": product_id}, format="json")


def ids(client: APIClient, url: str) -> list[int]:
    rows = client.get(url, {"size": 100}).json()["data"]["list"]
    return [row["productId"] for row in rows]


@pytest.fixture
def goods(product_make: Callable[..., Product]) -> list[Product]:
    return [product_make(f"商品{number}") for number in range(3)]


@pytest.mark.parametrize("url", LISTS)
def test_what_is_kept_and_shown(
    shopper_api: APIClient,
    other_api: APIClient,
    product_make: Callable[..., Product],
    url: str,
) -> None:
    tea = product_make("龙井茶", image="uploads/a.jpg", original_price="120.00")
    Sku.objects.create(product=tea, specs={"号": "2"}, price="130.00", stock=5)
    off = product_make("旧茶", stock=0)
    for product in (off, tea):
        answer = post(shopper_api, url, product.pk)
        assert answer.status_code == 201
    Product.objects.filter(pk=off.pk).update(status="off_sale")
    data = shopper_api.get(url).json()["data"]
    newest, oldest = data["list"]
    moment = {"/api/favorites": "createdAt", "/api/footprints": "seenAt"}[url]
    assert newest.pop(moment).endswith("+08:00")
    assert newest == {
        "productId": tea.pk,
        "name": "龙井茶",
        "price": "99.00",
        "originalPrice": "120.00",
        "image": image_url("uploads/a.jpg"),
        "stock": 15,
        "sales": 0,
        "status": "on_sale",
    }
    shown = {name: oldest[name] for name in ("name", "image", "stock", "status")}
    assert shown == {"name": "旧茶", "image": "", "stock": 0, "status": "off_sale"}
    assert data["pagination"] == {"total": 2, "page": 1, "size": 10, "totalPages": 1}
    assert ids(other_api, url) == []
    assert other_api.delete(f"{url}/{tea.pk}").status_code == 200
    assert ids(shopper_api, url) == [tea.pk, off.pk]
    # A double tap.
    taps = [shopper_api.delete(f"{url}/{tea.pk}") for _ in range(2)]
    assert [tap.status_code for tap in taps] == [200, 200]
    assert taps[0].json() == taps[1].json()
    assert ids(shopper_api, url) == [off.pk]


@pytest.mark.parametrize("url", LISTS)
def test_what_is_refused(
    shopper_api: APIClient, product_make: Callable[..., Product], url: str
) -> None:
    for status in ("off_sale", "deleted"):
        answer = post(shopper_api, url, product_make(status=status).pk)
        assert (answer.status_code, answer.json()["message"]) == (404, "商品不存在")
    assert post(shopper_api, url, 2**60).status_code == 404
    for bad in (None, "x", 0, 2**63, True):
        answer = post(shopper_api, url, bad)
        assert answer.json()["data"]["fields"].keys() == {"productId"}
    assert (Favorite.objects.count(), Footprint.objects.count()) == (0, 0)


def test_a_mark_is_set_once_and_stays_where_it_was(
    shopper_api: APIClient, other_api: APIClient, goods: list[Product]
) -> None:
    first, second, _ = (product.pk for product in goods)
    for product_id in (first, second, first):
        answer = post(shopper_api, "/api/favorites", product_id).json()
        assert (answer["message"], answer["data"]) == ("已收藏", {"favorite": True})
    assert ids(shopper_api, "/api/favorites") == [second, first]

    def state(client: APIClient, product_id: int) -> Any:
        return client.get(f"/api/favorites/{product_id}").json()["data"]

    assert state(shopper_api, first) == {"favorite": True}
    assert state(other_api, first) == {"favorite": False}
    assert (
        state(shopper_api, 2**60) == state(shopper_api, 10**18) == state(other_api, 1)
    )


def test_footprints_are_one_per_product_and_200_at_most(
    shopper: Any, shopper_api: APIClient, other_api: APIClient, goods: list[Product]
) -> None:
    url = "/api/footprints"
    first, second, third = (product.pk for product in goods)
    for product_id in (first, second, third, first):
        post(shopper_api, url, product_id)
    post(other_api, url, second)
    assert ids(shopper_api, url) == [first, third, second]
    many = Product.objects.bulk_create(Product(name="x", price=1) for _ in range(198))
    Footprint.objects.bulk_create(
        Footprint(user=shopper, product=product, seen_at=timezone.now())
        for product in many
    )
    post(shopper_api, url, second)
    # The oldest was the third, for the second has been seen again.
    assert Footprint.objects.filter(user=shopper).count() == 200
    assert not Footprint.objects.filter(user=shopper, product=third).exists()
    assert ids(shopper_api, url)[0] == second
    # What is not there cuts nothing.
    post(shopper_api, url, 2**60)
    assert Footprint.objects.filter(user=shopper).count() == 200
    answer = shopper_api.delete(url)
    assert (answer.status_code, answer.json()["message"]) == (200, "已清空")
    assert ids(shopper_api, url) == []
    assert ids(other_api, url) == [second]


@pytest.mark.django_db(transaction=True)
def test_views_at_once_leave_200_and_what_is_seen_again(
    shopper: Any, goods: list[Product], patient_database: None
) -> None:
    now = timezone.now()
    many = Product.objects.bulk_create(
        Product(name="x", price=1) for _ in range(FOOTPRINTS_MAX)
    )
    oldest, *others = Footprint.objects.bulk_create(
        Footprint(user=shopper, product=product, seen_at=now + timedelta(0, number))
        for number, product in enumerate(many, -FOOTPRINTS_MAX)
    )
    add, own = alone(footprint_add), Footprint.objects.filter(user=shopper)
    with ThreadPoolExecutor(3) as pool:
        with transaction.atomic():
            # As a deletion that doesn't happen: all three come at once.
            get_user_model().objects.select_for_update().get(pk=shopper.pk)
            who = {"user_id": shopper.pk}
            views = [pool.submit(add, **who, product_id=one.pk) for one in goods]
            wait_until(lambda: lock_waiters() == 3)
        for view in views:
            view.result()
        assert own.count() == FOOTPRINTS_MAX
        gone = [oldest.pk, *(one.pk for one in others[:2])]
        assert not own.filter(pk__in=gone).exists()
        oldest, goods[0] = others[2], Product.objects.create(name="y", price=1)
        with transaction.atomic():
            # The one that has to go is seen again, not yet for others to see.
            own.filter(pk=oldest.pk).update(seen_at=timezone.now())
            view = pool.submit(add, **who, product_id=goods[0].pk)
            wait_until(lambda: lock_waiters() == 1)
        view.result()
    assert own.filter(pk=oldest.pk).exists()


def test_old_footprints_are_deleted(shopper: Any, goods: list[Product]) -> None:
    for days, product in zip((0, 179, 181), goods, strict=True):
        seen_at = timezone.now() - timedelta(days=days)
        Footprint.objects.create(user=shopper, product=product, seen_at=seen_at)
    footprints_delete(timestamp=0)
    left = Footprint.objects.order_by("-seen_at").values_list("product", flat=True)
    assert list(left) == [goods[0].pk, goods[1].pk]


def test_staff_see_how_many_have_marked_a_product(
    client: Client, shopper: Any, other_shopper: Any, goods: list[Product]
) -> None:
    for one in (shopper, other_shopper):
        favorite_add(user_id=one.pk, product_id=goods[0].pk)
    for product, count in ((goods[0], 2), (goods[1], 0)):
        page = client.get(f"/admin/catalog/product/{product.pk}/change/")
        shown = page.context["adminform"].model_admin.favorites_shown(product)
        assert shown == count
        assert "收藏人数" in page.content.decode()


def test_statements(
    shopper_api: APIClient, goods: list[Product], django_assert_num_queries: Any
) -> None:
    # Who asks; how many, which. Marking is one statement, and cutting another.
    for url, written in zip(LISTS, (2, 3), strict=True):
        for product in goods:
            with django_assert_num_queries(written):
                post(shopper_api, url, product.pk)
        with django_assert_num_queries(3):
            assert len(shopper_api.get(url).json()["data"]["list"]) == 3
    with django_assert_num_queries(2):
        shopper_api.get(f"/api/favorites/{goods[0].pk}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("add", [favorite_add, footprint_add])
def test_an_account_that_is_being_deleted_gets_none(
    shopper: Any,
    goods: list[Product],
    patient_database: None,
    add: Callable[..., None],
) -> None:
    who = get_user_model().objects.filter(pk=shopper.pk)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            who.select_for_update().get()
            wanted = {"user_id": shopper.pk, "product_id": goods[0].pk}
            added = pool.submit(alone(add), **wanted)
            wait_until(lambda: lock_waiters() == 1)
            who.update(is_active=False)
        with pytest.raises(NotFound):
            added.result()
    assert (Favorite.objects.count(), Footprint.objects.count()) == (0, 0)
