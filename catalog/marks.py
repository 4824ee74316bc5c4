"""Marks in large lists, and their totals; without Valkey they are only slower."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.cache import cache

# So long a total of what is in stock may lag behind the stock: to count it may take a
# second at a million products.
_TOTAL_SECONDS = 60
# So long a mark is good in a list that sales move, and in one that staff alone move,
# whose key says how they left it.
_MOVING_SECONDS = 10
_STILL_SECONDS = 600
# A mark is for the pages that begin within so many products after it.
_STRIDE = 100


class Mark(NamedTuple):
    """Where a deep page began: the position, and the product as it is sorted."""

    position: int
    place: Any
    id: int


def total_kept(key: str, count: Callable[[], int]) -> int:
    """Return the total of a list, counted if it is not kept."""
    name = _name("total", key)
    total: int | None = cache.get(name)
    if total is None:
        total = count()
        cache.set(name, total, _TOTAL_SECONDS)
    return total


def mark_find(key: str, start: int) -> Mark | None:
    """Return the nearest mark at or before the page that begins at `start`."""
    stretch = start // _STRIDE
    names = [_name(f"mark{number}", key) for number in (stretch, stretch - 1)]
    found = [Mark(*mark) for mark in cache.get_many(names).values()]
    near = [mark for mark in found if start - _STRIDE <= mark.position <= start]
    return max(near, default=None)


def mark_leave(key: str, mark: Mark, *, is_still: bool) -> None:
    """Keep a mark for the pages after it; say whether staff alone move the list."""
    name = _name(f"mark{mark.position // _STRIDE}", key)
    cache.set(name, tuple(mark), _STILL_SECONDS if is_still else _MOVING_SECONDS)


def _name(kind: str, key: str) -> str:
    return f"products:{kind}:{hashlib.sha256(key.encode()).hexdigest()}"
