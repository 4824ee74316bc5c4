"""Public reads whose count waits for a later one, and those that count at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from catalog.models import Product
from shop.api.kept.store import PLACES

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("new_process"),
]

Make = Callable[..., Product]


@pytest.fixture
def new_process(monkeypatch: Any) -> None:
    """Forget what this process was asked for."""
    monkeypatch.setattr("shop.api.kept.store._asked", [0] * PLACES)


def counted() -> int:
    """Return what Valkey has counted in the only window."""
    [counter] = cache.keys("rl:*")  # type: ignore[attr-defined]
    return int(cache.get(counter))


def test_reads_of_what_nobody_asked_for_are_counted_with_a_later_one(
    api: APIClient, product_make: Make, limit: Callable[..., None]
) -> None:
    limit(read=500)
    paths = [f"/api/products/{product_make().pk}" for _ in range(7)]
    # The first one tells how far the window is; a hundredth of the limit may wait.
    seen = [(api.get(path).status_code, counted()) for path in paths]
    assert seen == [(200, 1)] * 6 + [(200, 7)]
    # What may be kept has to be asked for, and counts at once. The last one: another
    # may have taken the place of any before it.
    assert (api.get(paths[-1]).status_code, counted()) == (200, 8)


def test_near_the_limit_each_is_counted_at_once(
    api: APIClient, product_make: Make, limit: Callable[..., None]
) -> None:
    limit(read=500)
    path = f"/api/products/{product_make().pk}"
    api.get(path)
    [counter] = cache.keys("rl:*")  # type: ignore[attr-defined]
    # As other processes have counted.
    cache.set(counter, 497)
    statuses = [api.get(path).status_code]
    statuses += [
        api.get(f"/api/products/{product_make().pk}").status_code for _ in range(4)
    ]
    assert (statuses, counted()) == ([200, 200, 200, 429, 429], 502)
