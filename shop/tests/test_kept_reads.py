"""Public reads that are kept: who shares them, what drops them, how long they live."""

import time
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from rest_framework.test import APIClient

from catalog.models import Product, ProductStatus
from catalog.services.products import product_update
from catalog.services.stock import stock_take
from shop.api.kept.store import (
    BODY_BYTES_MAX,
    KEPT_SECONDS,
    PLACES,
    Answer,
    answer_find,
    answer_keep,
)
from shop.tests.routes import kept as kept_paths

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., Product]
STALE = Answer(b"stale", b'{"stale":true}')


def places() -> list[str]:
    """Return the keys under which answers lie."""
    client: Any = cache.client.get_client()  # type: ignore[attr-defined]
    return [key.decode() for key in client.keys("shop:kept:[0-9]*")]


@pytest.fixture
def free(django_assert_num_queries: Any, api: APIClient) -> Callable[[str], Any]:
    """Return what asks without a statement."""

    def ask(path: str, **headers: str) -> Any:
        with django_assert_num_queries(0):
            return api.get(path, headers=headers)

    return ask


@pytest.mark.parametrize("path", sorted(kept_paths()))
def test_from_the_third_on_none_takes_a_statement_and_has_an_id_of_its_own(
    api: APIClient, product_make: Make, free: Callable[..., Any], path: str
) -> None:
    path = path.format(id=product_make().pk)
    first, _, second = api.get(path), api.get(path), free(path)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert first.headers[name] == second.headers[name]
    assert second.headers["Content-Type"] == "application/json; charset=utf-8"
    assert second.headers["Cache-Control"] == "no-cache"
    assert free(path, X_Request_ID="mine").headers["X-Request-ID"] == "mine"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "page=1&size=10"),
        ("", "ordering=&keyword=&inStock="),
        ("", "utm=1&%ff%00=x"),
        ("page=1&page=2", "page=2"),
        ("size=5&page=2", "page=2&x=y&size=5"),
    ],
)
def test_all_ways_to_ask_for_the_same_share(
    api: APIClient, product_make: Make, free: Callable[..., Any], one: str, other: str
) -> None:
    product_make()
    api.get(f"/api/products?{one}")
    answers = [api.get(f"/api/products?{one}"), free(f"/api/products?{other}")]
    assert answers[0].content == answers[1].content
    assert len(places()) == 1


@pytest.mark.parametrize(
    "other", ["page=2", "size=1", "category=1", "keyword=10", "ordering=price"]
)
def test_what_differs_is_kept_apart(
    api: APIClient, product_make: Make, other: str
) -> None:
    for _ in range(2):
        product_make()
    assert api.get("/api/products").content != api.get(f"/api/products?{other}").content


def test_only_answers_are_kept(api: APIClient, product_make: Make) -> None:
    hidden = product_make(status="off_sale")
    path = f"/api/products/{hidden.pk}"
    assert api.get(path).status_code == 404
    assert api.get("/api/products?page=0").status_code == 400
    assert places() == []
    # Behind the services' backs.
    Product.objects.update(status=ProductStatus.ON_SALE)
    assert api.get(path).status_code == 200


def test_a_client_that_has_it_gets_no_body(
    api: APIClient, product_make: Make, free: Callable[..., Any]
) -> None:
    path = f"/api/products/{product_make().pk}"
    etag = [api.get(path).headers["ETag"] for _ in range(2)][0]
    for sent in (etag, f'W/{etag}, "x"', "*"):
        answer = free(path, If_None_Match=sent)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["X-Accel-Expires"].startswith("@")
    assert free(path, If_None_Match='"another"').status_code == 200


def test_a_head_is_as_long_as_the_answer(api: APIClient, product_make: Make) -> None:
    path = f"/api/products/{product_make().pk}"
    heads = [api.head(path), api.head(path)]
    answer = api.get(path)
    for head in heads:
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(answer.content))


def test_what_is_kept_counts_as_well(
    api: APIClient, product_make: Make, limit: Callable[..., None]
) -> None:
    limit(read=3)
    path = f"/api/products/{product_make().pk}"
    answers = [api.get(path) for _ in range(5)]
    # Counted by DRF's way, in the same window.
    answers.append(api.options(path))
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 3
    assert len({answer.headers["Retry-After"] for answer in answers[3:]}) == 1
    [counter] = cache.keys("rl:*")  # type: ignore[attr-defined]
    assert cache.get(counter) == 6


@pytest.mark.parametrize("now", [1_800_000_000.0, 1_800_000_000.999])
def test_nginx_keeps_it_to_the_end_of_the_second(
    api: APIClient, product_make: Make, monkeypatch: Any, now: float
) -> None:
    product_make()
    clock = SimpleNamespace(time=lambda: now, monotonic=time.monotonic)
    monkeypatch.setattr("shop.api.kept.views.time", clock)
    answer = api.get("/api/products")
    assert answer.headers["X-Accel-Expires"] == "@1800000000"
    assert "X-Accel-Expires" not in api.get("/api/products/0").headers


# --- What drops it ------------------------------------------------------------------


def test_who_reads_slowly_does_not_bring_back_what_was(
    api: APIClient, product_make: Make
) -> None:
    product = product_make("旧")
    path = f"/api/products/{product.pk}"
    began = answer_find(path, None)
    product_update(product_id=product.pk, fields={"name": "新"}, operator_id=None)
    answer_keep(path, STALE, edit=began.edit or b"", seconds=1)
    assert api.get(path).json()["data"]["name"] == "新"


def test_an_edit_is_known_for_longer_than_a_replica_lags(product_make: Make) -> None:
    product = product_make()
    product_update(product_id=product.pk, fields={"name": "新"}, operator_id=None)
    client: Any = cache.client.get_client()  # type: ignore[attr-defined]
    seconds = client.pttl("shop:kept:edit") / 1000
    assert seconds > settings.DATABASE_REPLICA_MAX_LAG_SECONDS + KEPT_SECONDS


def test_an_edit_that_is_undone_drops_nothing(
    api: APIClient, product_make: Make, free: Callable[..., Any]
) -> None:
    product = product_make()
    path = f"/api/products/{product.pk}"
    first = [api.get(path) for _ in range(2)][0]
    with transaction.atomic():
        product_update(product_id=product.pk, fields={"name": "新"}, operator_id=None)
        # What the transaction sees is kept for nobody.
        assert api.get(path).json()["data"]["name"] == "新"
        transaction.set_rollback(True)
    assert free(path).content == first.content


def test_orders_drop_nothing(
    api: APIClient, product_make: Make, free: Callable[..., Any]
) -> None:
    product = product_make(stock=5)
    path = f"/api/products/{product.pk}"
    first = [api.get(path) for _ in range(2)][0]
    with transaction.atomic():
        stock_take(quantities={product.skus.get().pk: 2}, order_no="1")
    assert free(path).content == first.content


def test_what_no_edit_drops_lives_for_seconds(
    api: APIClient, product_make: Make
) -> None:
    path = f"/api/products/{product_make().pk}"
    api.get(path)
    # Asked for once: nobody else may want it.
    assert places() == []
    api.get(path)
    [place] = places()
    client: Any = cache.client.get_client()  # type: ignore[attr-defined]
    assert 0 < client.pttl(place) <= KEPT_SECONDS * 1000


def test_what_took_long_to_make_is_old_already(
    api: APIClient, product_make: Make, monkeypatch: Any
) -> None:
    path = f"/api/products/{product_make().pk}"
    for step, kept in ((KEPT_SECONDS, 0), (0, 1)):
        looks = count(0, step).__next__
        clock = SimpleNamespace(time=time.time, monotonic=looks)
        monkeypatch.setattr("shop.api.kept.views.time", clock)
        for _ in range(2):
            api.get(path)
        assert len(places()) == kept


def test_an_edit_without_valkey_is_no_failure(
    api: APIClient,
    product_make: Make,
    valkey_at: Callable[[int], None],
    dead_port: int,
) -> None:
    product = product_make("旧")
    path = f"/api/products/{product.pk}"
    assert api.get(path).json()["data"]["name"] == "旧"
    valkey_at(dead_port)
    product_update(product_id=product.pk, fields={"name": "新"}, operator_id=None)
    assert api.get(path).json()["data"]["name"] == "新"


# --- How much there is --------------------------------------------------------------


def test_made_up_urls_fill_no_more_than_their_places() -> None:
    for number in range(PLACES * 2):
        answer_keep(f"/api/products?{number}", STALE, edit=b"", seconds=60)
    assert PLACES / 2 < len(places()) <= PLACES
    # Two that share a place take turns; nobody gets the other's.
    taken = [answer_find(f"/api/products?{n}", None).answer for n in range(PLACES * 2)]
    assert sum(answer is not None for answer in taken) == len(places())
    assert answer_find("/api/products?another", None).answer is None


@pytest.mark.parametrize("kept", [b"", b"\n", b"a\nb\nc", b"\xff" * 9])
def test_a_broken_value_is_as_good_as_none(
    api: APIClient, product_make: Make, kept: bytes
) -> None:
    path = f"/api/products/{product_make().pk}"
    whole = [api.get(path).content for _ in range(2)][0]
    [place] = places()
    client: Any = cache.client.get_client()  # type: ignore[attr-defined]
    client.set(place, kept)
    assert api.get(path).content == whole
    assert client.get(place) != kept


def test_a_very_long_answer_is_not_kept() -> None:
    for more in (0, 1):
        body = b"x" * (BODY_BYTES_MAX + more)
        answer_keep(f"/{more}", Answer(b"", body), edit=b"", seconds=60)
    found = [answer_find(f"/{more}", None).answer for more in (0, 1)]
    assert [answer is not None for answer in found] == [True, False]
