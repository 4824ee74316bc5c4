"""Rate limits per shopper or address, counted in Valkey by django-ratelimit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.cache import cache
from django_ratelimit.core import (
    ALL,
    EXPIRATION_FUDGE,
    _get_window,
    _make_cache_key,
    _split_rate,
    get_usage,
)
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from shop.api.client_address import client_address
from shop.errors import RateLimited, ServiceUnavailable

if TYPE_CHECKING:
    from django.http import HttpRequest

    # DRF's views import this module through the settings.
    from rest_framework.views import APIView


def password_login_count(request: HttpRequest | Request, *, username: str) -> None:
    """Count a password login of an account, whatever address it comes from.

    Raises: RateLimited, ServiceUnavailable when Valkey is away: guessing must not
    become free.
    """
    identity = f"name:{username.strip().lower()[:150]}"
    _count(request, "staff_login", identity, fail_open=False)


@dataclass(frozen=True)
class Window:
    """Where Valkey counts someone's requests now, for who sends the command himself."""

    key: str
    # So long the counter lives.
    seconds: int
    ends_at: int


# Of a few settings, for each request.
_parsed = lru_cache(_split_rate)


def read_window(request: HttpRequest) -> Window | None:
    """Return where public reads of the address are counted; None: they are not."""
    if not settings.RATELIMIT_ENABLE:
        return None
    identity = f"ip:{client_address(request)}"
    rate = _parsed(settings.RATELIMITS["read"])
    return _window(identity, rate, _get_window(identity, rate[1]))


# The same for each request of an address until it ends.
@lru_cache(maxsize=1024)
def _window(identity: str, rate: tuple[int, int], ends_at: int) -> Window:
    key = _make_cache_key("read", ends_at, rate, identity, ALL)
    return Window(cache.make_key(key), rate[1] + EXPIRATION_FUDGE, ends_at)


def read_allow(window: Window, *, count: int) -> None:
    """Refuse the request that makes the count of its window too high.

    Raises: RateLimited with the seconds left.
    """
    most, _ = _parsed(settings.RATELIMITS["read"])
    if count > most:
        left = max(window.ends_at - int(time.time()), 0)
        raise RateLimited(retry_after_seconds=left + 1)


def _count(
    request: HttpRequest | Request, scope: str, identity: str, *, fail_open: bool
) -> None:
    usage = get_usage(
        request,
        group=scope,
        key=lambda group, request: identity,
        rate=settings.RATELIMITS[scope],
        increment=True,
    )
    if usage is None or not usage["should_limit"]:
        return
    if usage["time_left"] >= 0:
        raise RateLimited(retry_after_seconds=usage["time_left"] + 1)
    if not fail_open:
        raise ServiceUnavailable(retry_after_seconds=5)


class RateLimit(BaseThrottle):
    """Count a request in its scope's window; DRF asks after it knows the user.

    With Valkey away a shop goes on selling: requests pass.
    """

    scope: ClassVar[str]

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True, or refuse.

        Raises: RateLimited with the seconds left.
        """
        self.allow(request)
        return True

    def allow(self, request: Request | HttpRequest) -> None:
        """Count it, whoever asks.

        Raises: RateLimited with the seconds left.
        """
        _count(request, self.scope, self.identity(request), fail_open=True)

    def identity(self, request: Request | HttpRequest) -> str:
        """Return whom to count: the user, else the address."""
        if request.user and request.user.is_authenticated:
            return f"user:{request.user.pk}"
        return f"ip:{client_address(request)}"


class LoginLimit(RateLimit):
    """Shoppers' logins per address."""

    scope = "login"

    def identity(self, request: Request | HttpRequest) -> str:
        return f"ip:{client_address(request)}"


class SessionLimit(LoginLimit):
    """Refreshes and logouts per address, whoever sends them."""

    scope = "session"


class ReadLimit(RateLimit):
    """Public reads per address."""

    scope = "read"


class WriteLimit(RateLimit):
    """Orders, payments and other writes per shopper; reading one's own is free."""

    scope = "write"

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return True
        return super().allow_request(request, view)


class ExportLimit(RateLimit):
    """Reads that cost as much as a write; they count as one."""

    scope = "write"


class CartLimit(RateLimit):
    """Cart, preview and what else a client calls at every tap or look."""

    scope = "cart"


class StaffLoginLimit(BaseThrottle):
    """Password logins per account; the admin's login counts with it."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True, or refuse.

        Raises: what password_login_count() raises.
        """
        data: Any = request.data
        name = data.get("username") if isinstance(data, dict) else None
        password_login_count(request, username=str(name))
        return True
