"""Counts beside the sidebar's entries, each found once for a page."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django.http import HttpRequest

Found = TypeVar("Found")


def once_per_page(
    find: Callable[[HttpRequest], Found],
) -> Callable[[HttpRequest], Found]:
    """Keep on the request what was found: the sidebar asks several times."""
    name = f"_{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def found(request: HttpRequest) -> Found:
        if name not in request.__dict__:
            request.__dict__[name] = find(request)
        known: Found = request.__dict__[name]
        return known

    return found
