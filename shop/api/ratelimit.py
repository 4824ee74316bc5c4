"""Rate limits per shopper or address, counted in Valkey by django-ratelimit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django_ratelimit.core import get_usage
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from shop.api.client_address import client_address
from shop.errors import RateLimited, ServiceUnavailable

if TYPE_CHECKING:
    # DRF's views import this module through the settings.
    from rest_framework.views import APIView


class RateLimit(BaseThrottle):
    """Count a request in its scope's window; DRF asks after it knows the user.

    With Valkey away a shop goes on selling, so a scope lets requests pass; password
    logins are the exception, for guessing must not become free.
    """

    scope: ClassVar[str]
    fail_open: ClassVar[bool] = True

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True, or refuse.

        Raises: RateLimited with the seconds left, ServiceUnavailable.
        """
        usage = get_usage(
            request,
            group=self.scope,
            key=lambda group, request: self.identity(request),
            rate=settings.RATELIMITS[self.scope],
            increment=True,
        )
        if usage is None or not usage["should_limit"]:
            return True
        if usage["time_left"] >= 0:
            raise RateLimited(retry_after_seconds=usage["time_left"] + 1)
        if self.fail_open:
            return True
        raise ServiceUnavailable(retry_after_seconds=5)

    def identity(self, request: Request) -> str:
        """Return whom to count: the user, else the address."""
        if request.user and request.user.is_authenticated:
            return f"user:{request.user.pk}"
        return f"ip:{client_address(request)}"


class LoginLimit(RateLimit):
    """Shoppers' logins per address."""

    scope = "login"

    def identity(self, request: Request) -> str:
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
    """Cart and preview, which a client calls at every tap."""

    scope = "cart"


class StaffLoginLimit(RateLimit):
    """Password logins per account, whatever address they come from."""

    scope = "staff_login"
    fail_open = False

    def identity(self, request: Request) -> str:
        data: Any = request.data
        name = data.get("username") if isinstance(data, dict) else None
        return f"name:{str(name).strip().lower()[:150]}"
