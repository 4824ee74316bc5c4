"""Rate limits per shopper or address, counted in Valkey by django-ratelimit."""

from __future__ import annotations

import threading
import time
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


# A process counts so many requests of someone with a later one, at most.
POSTPONED_MAX = 20


class Window:
    """Where Valkey counts someone's requests now, for who sends the command himself.

    A request that needs nothing else of Valkey may be counted with a later one: a
    hundredth of the limit in each process, and none where the limit is near.
    """

    def __init__(self, key: str, *, most: int, seconds: int, ends_at: int) -> None:
        self.key = key
        self.most = most
        # So long the counter lives.
        self.seconds = seconds
        self.ends_at = ends_at
        self._lock = threading.Lock()
        self._postponed = 0
        # Until Valkey has told its count, it may be near the limit.
        self._known = most

    def postpone(self) -> bool:
        """Leave the request to be counted with a later one, if that may be."""
        with self._lock:
            is_near = self._known > self.most * 9 // 10
            may = min(self.most // 100, POSTPONED_MAX)
            if is_near or self._postponed >= may:
                return False
            self._postponed += 1
            return True

    def due(self) -> int:
        """Return how many to count now, this one and those that were left for it."""
        with self._lock:
            count, self._postponed = self._postponed + 1, 0
            return count

    def allow(self, count: int) -> None:
        """Refuse the request with which Valkey's count is too high; 0: it is away.

        Raises: RateLimited with the seconds left.
        """
        self._known = count or self.most
        if count > self.most:
            left = max(self.ends_at - int(time.time()), 0)
            raise RateLimited(retry_after_seconds=left + 1)


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
    most, seconds = rate
    return Window(
        cache.make_key(key),
        most=most,
        seconds=seconds + EXPIRATION_FUDGE,
        ends_at=ends_at,
    )


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
