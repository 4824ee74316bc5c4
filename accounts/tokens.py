"""The two JSON web tokens of a session: what stands in them, and who believes them."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.errors import TokenExpired, TokenInvalid
from accounts.models import User

SESSION_CLAIM = "sid"
# In no token of ours: one that another program signs with the same key is for others.
_FOREIGN = {"iss", "aud"}
# What claims of another shape raise: missing, of another type, too large for a date.
_MALFORMED = (
    *(TokenError, LookupError, TypeError, ValueError),
    *(ArithmeticError, AttributeError),
)


# A client sends the same token again and again: so many are known in each process, at
# about a kilobyte each.
KNOWN_MAX = 4096


@dataclass(frozen=True)
class Claims:
    """What a verified token says; `expires_at` in seconds since 1970."""

    user_id: int
    session_id: UUID
    jti: str
    expires_at: float


@dataclass(frozen=True)
class TokenPair:
    """The signed tokens, and what the session keeps of them."""

    access: str
    refresh: str
    refresh_jti: str
    refresh_expires_at: datetime
    expires_in_seconds: int


def pair_make(*, user: User, session_id: UUID, now: datetime) -> TokenPair:
    """Sign an access and a refresh token that name the session."""
    access_lifetime, refresh_lifetime = _lifetimes(user)
    access, refresh = AccessToken(), RefreshToken()
    for token, lifetime in ((access, access_lifetime), (refresh, refresh_lifetime)):
        token[api_settings.USER_ID_CLAIM] = user.pk
        token[SESSION_CLAIM] = session_id.hex
        token.set_iat(at_time=now)
        token.set_exp(from_time=now, lifetime=lifetime)
    return TokenPair(
        access=str(access),
        refresh=str(refresh),
        refresh_jti=refresh[api_settings.JTI_CLAIM],
        refresh_expires_at=now + refresh_lifetime,
        expires_in_seconds=int(access_lifetime.total_seconds()),
    )


def access_read(raw: str | bytes) -> Claims:
    """Return the claims of an access token.

    That a token was signed by us stays so; that it has not expired does not.

    Raises: TokenExpired, TokenInvalid.
    """
    claims = _access_known(raw)
    if time.time() < claims.expires_at:
        return claims
    # What the clocks of nodes may differ by, and how to refuse, is simplejwt's to say.
    return _read(AccessToken, raw)


@lru_cache(KNOWN_MAX)
def _access_known(raw: str | bytes) -> Claims:
    """Verify a token once; what is refused is not kept."""
    return _read(AccessToken, raw)


def refresh_read(raw: str | bytes) -> Claims:
    """Return the claims of a refresh token.

    Raises: TokenExpired, TokenInvalid.
    """
    return _read(RefreshToken, raw)


def _lifetimes(user: User) -> tuple[timedelta, timedelta]:
    if user.is_staff:
        return (
            timedelta(minutes=settings.STAFF_ACCESS_MINUTES),
            timedelta(hours=settings.STAFF_REFRESH_HOURS),
        )
    return (
        timedelta(days=settings.JWT_ACCESS_DAYS),
        timedelta(days=settings.JWT_REFRESH_DAYS),
    )


def _read(kind: type[Token], raw: str | bytes) -> Claims:
    try:
        token = kind(raw)  # type: ignore[arg-type]
        if not _FOREIGN.isdisjoint(token.payload):
            raise TokenInvalid
        return Claims(
            user_id=int(token[api_settings.USER_ID_CLAIM]),
            session_id=UUID(token[SESSION_CLAIM]),
            jti=str(token[api_settings.JTI_CLAIM]),
            expires_at=float(token["exp"]),
        )
    except ExpiredTokenError:
        raise TokenExpired from None
    except _MALFORMED:
        # A token signed with our key but without our claims is not one of ours.
        raise TokenInvalid from None
