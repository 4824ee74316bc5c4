"""Django's middlewares that serve pages, and are of no use to the API.

A shopper sends a token, not a cookie: there is no session to load, nobody to look up
by it, and no message to show on the next page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest

API = "/api/"


class PagesAlone:
    """Let requests to the API pass by a middleware."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(API):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class PageSessionMiddleware(PagesAlone, SessionMiddleware):
    """Sessions by cookie."""


class PageAuthenticationMiddleware(PagesAlone, AuthenticationMiddleware):
    """The user of a session."""


class PageMessageMiddleware(PagesAlone, MessageMiddleware):
    """Messages that the next page shows."""
