"""Public reads out of nginx's cache: shared by all, and nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest

from .site import Answer, Site

pytestmark = pytest.mark.xdist_group("nginx")


def hit(site: Site, path: str, **how: Any) -> Answer:
    """Ask until the answer comes out of the cache; it is kept for three seconds."""
    for _ in range(20):
        answer = site.call("GET", path, **how)
        if answer.headers["X-Cache"] == "HIT":
            return answer
    raise AssertionError("never a hit")


@pytest.mark.parametrize(
    "path", ["/api/products", "/api/products/{pk}", "/api/categories", "/api/config"]
)
def test_public_reads_are_shared_and_have_an_id_of_their_own(
    site: Site,
    token: str,
    other_token: str,
    product_make: Callable[..., Any],
    path: str,
) -> None:
    path = path.format(pk=product_make().pk) + "?shared"
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
