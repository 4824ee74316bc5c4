"""The access token, without which the mini-program API does nothing."""

from __future__ import annotations

import secrets

from .books import Books
from .clock import Clock
from .errcodes import ErrCode, mini_answer, posted
from .messages import Answer, Request
from .world import World

TOKEN_SECONDS = 7200
TOKEN_OVERLAP_SECONDS = 300  # renewed so early; the old one stays valid so long
FORCED_APART_SECONDS = 30
FORCED_PER_DAY = 20
REFUSED = 40001  # unless it was ended with another errcode


def account_check(world: World, appid: object, secret: object) -> None:
    """Check the account that calls.

    Raises:
        ErrCode: it is not the world's.
    """
    if not appid:
        raise ErrCode(41002)
    if not secret:
        raise ErrCode(41004)
    if appid != world["appid"]:
        raise ErrCode(40013)
    if secret != world["secret"]:
        raise ErrCode(40125)


class Tokens:
    """Gives tokens out and checks them."""

    def __init__(self, world: World, books: Books, clock: Clock) -> None:
        self._world = world
        self._books = books
        self._clock = clock

    def token(self, request: Request) -> Answer:
        """Answer stable_token.

        Raises:
            ErrCode: as WeChat refuses.
        """
        wanted = posted(request)
        if wanted.get("grant_type") != "client_credential":
            raise ErrCode(40002)
        account_check(self._world, wanted.get("appid"), wanted.get("secret"))
        with self._books.transaction():
            forced = wanted.get("force_refresh") is True
            token, expires_at = self._token_forced() if forced else self._token()
        left = min(TOKEN_SECONDS, int(expires_at - self._clock.now()))
        return mini_answer({"access_token": token, "expires_in": left})

    def _token(self) -> tuple[str, float]:
        newest = self._books.token_newest()
        if newest and newest[1] - TOKEN_OVERLAP_SECONDS > self._clock.now():
            return newest
        return self._token_make(forced=False)

    def _token_forced(self) -> tuple[str, float]:
        now = self._clock.now()
        forced = self._books.tokens_forced_at(now - 86400)
        if len(forced) >= FORCED_PER_DAY:
            raise ErrCode(45009)
        if forced and now - forced[-1] < FORCED_APART_SECONDS:
            raise ErrCode(45011)
        self._books.tokens_end(now, REFUSED)
        return self._token_make(forced=True)

    def _token_make(self, *, forced: bool) -> tuple[str, float]:
        now = self._clock.now()
        token, expires_at = secrets.token_urlsafe(396), now + TOKEN_SECONDS
        self._books.token_add(
            token, issued_at=now, expires_at=expires_at, forced=forced
        )
        return token, expires_at

    def check(self, request: Request) -> None:
        """Check the access_token of a request.

        Raises:
            ErrCode: it is missing, unknown or has ended.
        """
        token = request.query.get("access_token")
        if not token:
            raise ErrCode(41001)
        known = self._books.token(token)
        if known is None or known[0] <= self._clock.now():
            raise ErrCode(known[1] if known else REFUSED)

    def end_all(self, errcode: int) -> None:
        """End every token at once: from now on it is refused with this errcode."""
        self._books.tokens_end(self._clock.now(), errcode)
