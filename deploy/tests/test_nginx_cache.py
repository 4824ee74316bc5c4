"""Public reads out of nginx's cache: shared by all, and nothing else is."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from itertools import cycle
from typing import Any

import pytest
from django.db import connection, transaction

from catalog.services.products import product_update
from shop.policies import NOTHING
from shop.tests.routes import kept

from .site import Answer, Site

pytestmark = pytest.mark.xdist_group("nginx")

_neighbours = cycle(range(1, 255))


def hit(site: Site, path: str, **how: Any) -> Answer:
    """Ask until the answer comes out of the cache; it is kept to the second's end."""
    for _ in range(200):
        answer = site.call("GET", path, **how)
        if answer.headers["X-Cache"] == "HIT":
            return answer
    raise AssertionError("never a hit")


def ask(site: Site, path: str) -> Answer:
    """Ask as one of many, who each may ask for as much as nginx allows."""
    return site.call("GET", path, source=f"127.0.4.{next(_neighbours)}")


def sent_at(answer: Answer) -> float:
    """Return the second in which nginx sent it."""
    return parsedate_to_datetime(answer.headers["Date"]).timestamp()


@pytest.mark.parametrize("path", sorted(kept()))
def test_public_reads_are_shared_and_have_an_id_of_their_own(
    site: Site,
    token: str,
    other_token: str,
    product_make: Callable[..., Any],
    path: str,
) -> None:
    path = path.format(id=product_make().pk) + "?shared"
    first = site.call("GET", path, headers={"X-Request-ID": "first"}, token=token)
    assert (first.status, first.headers["X-Request-ID"]) == (200, "first")
    for credentials in (other_token, "dead", ""):
        answer = hit(site, path, token=credentials)
        assert answer.body == first.body
        own = answer.headers["X-Request-ID"]
        assert own != "first"
        assert len(own) == 32
    assert hit(site, path, headers={"X-Request-ID": "mine"}).headers.get_all(
        "X-Request-ID"
    ) == ["mine"]


def test_an_edit_is_seen_in_the_next_second_at_the_latest(
    site: Site, product_make: Callable[..., Any]
) -> None:
    product = product_make("旧")
    path = f"/api/products/{product.pk}?edited"
    for name in ("新", "更新"):
        old = hit(site, path).body
        product_update(product_id=product.pk, fields={"name": name}, operator_id=None)
        done_at = time.time()
        while (answer := ask(site, path)).body == old:
            # Out of the cache, and no longer than it may be.
            assert answer.headers["X-Cache"] == "HIT"
            assert sent_at(answer) <= done_at
        assert answer.json["data"]["name"] == name
        assert answer.headers["X-Cache"] in {"EXPIRED", "MISS"}


def test_no_old_answer_stands_in_for_a_refusal_of_the_shop(
    site: Site, product_make: Callable[..., Any]
) -> None:
    product = product_make()
    path = f"/api/products/{product.pk}?refused"
    hit(site, path)
    product_update(product_id=product.pk, fields={"name": "新"}, operator_id=None)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE catalog_product")
        while (answer := ask(site, path)).headers["X-Cache"] == "HIT":
            pass
        assert (answer.status, answer.headers["X-Cache"]) == (503, "EXPIRED")


def test_what_is_asked_for_once_is_not_kept(
    site: Site, product_make: Callable[..., Any]
) -> None:
    path = f"/api/products/{product_make().pk}?made-up"
    assert [ask(site, path).headers["X-Cache"] for _ in range(2)] == ["MISS", "MISS"]
    hit(site, path)


def test_what_has_not_changed_is_not_sent_again(
    site: Site, product_make: Callable[..., Any]
) -> None:
    path = f"/api/products/{product_make().pk}?unchanged"
    first = hit(site, path)
    while (answer := ask(site, path)).headers["X-Cache"] == "HIT":
        assert sent_at(answer) == sent_at(first)
    assert answer.headers["X-Cache"] == "REVALIDATED"
    assert (answer.status, answer.body) == (200, first.body)
    mine = {"If-None-Match": answer.headers["ETag"]}
    assert site.call("GET", path, headers=mine).status == 304


def test_nobody_gets_what_is_anothers(
    site: Site,
    token: str,
    other_token: str,
    shopper: Any,
    other_shopper: Any,
) -> None:
    for path in ("/api/auth/user", "/api/orders", "/api/addresses"):
        for _ in range(3):
            one, other = (
                site.call("GET", path, token=key) for key in (token, other_token)
            )
            assert (one.status, other.status) == (200, 200)
            assert "X-Cache" not in one.headers
        assert site.call("GET", path).status == 401
    assert [
        site.call("GET", "/api/auth/user", token=key).json["data"]["id"]
        for key in (token, other_token)
    ] == [shopper.pk, other_shopper.pk]


def test_refusals_and_writes_are_not_kept(site: Site) -> None:
    for _ in range(3):
        assert site.call("GET", "/api/products/0").headers["X-Cache"] == "MISS"
        assert site.call("GET", "/api/products?page=0").headers["X-Cache"] == "MISS"
        assert site.call("POST", "/api/products", {}).status == 401


def test_a_kept_answer_says_its_policy_once(site: Site) -> None:
    kept = hit(site, "/api/categories?policy").headers
    assert kept.get_all("Content-Security-Policy") == [NOTHING]
    assert len(kept.get_all("X-Content-Type-Options", [])) == 1
