"""Who sends a request: a bearer token, looked up with its session on each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import HTTP_HEADER_ENCODING
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts.errors import TokenInvalid

if TYPE_CHECKING:
    from django.http import HttpRequest

    # DRF's views import this module through the settings.
    from rest_framework.request import Request


class SessionTokenAuthentication(JWTAuthentication):
    """Let in who bears an access token of a session that has not ended.

    One statement loads user and session, so logout, deactivation and deletion hold
    from the next request on.
    """

    def authenticate(self, request: Request | HttpRequest) -> tuple[Any, Any] | None:
        """Return the user and the token's claims; None without a bearer token.

        Raises: TokenExpired, TokenInvalid, UserNotFound.
        """
        # Not before: models cannot be imported while the settings load.
        from accounts.services.sessions import session_user
        from accounts.tokens import access_read

        header = request.META.get("HTTP_AUTHORIZATION", "")
        raw = self.get_raw_token(header.encode(HTTP_HEADER_ENCODING))
        if raw is None:
            return None
        claims = access_read(raw)
        return session_user(claims=claims), claims

    def get_raw_token(self, header: bytes) -> bytes | None:
        """Return the token of a bearer header, None for another scheme.

        Raises: TokenInvalid, when the header has not exactly one token.
        """
        scheme, *rest = header.split() or [b""]
        if scheme.lower() != b"bearer":
            return None
        if len(rest) != 1:
            raise TokenInvalid
        return rest[0]
