"""The mini-program server API: login, access token, phone number."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import secrets
from collections.abc import Callable, Mapping

from .books import Books
from .clock import Clock
from .messages import Answer, Request, json_answer
from .world import World

LOGIN_CODE = re.compile(r"sim-(?P<name>\S{1,64})|once-(?P<once>\S{1,64})-[0-9A-Za-z]+")
PHONE_CODE = re.compile(r"simphone-(?P<phone>[0-9]{11})")
TOKEN_SECONDS = 7200
TOKEN_OVERLAP_SECONDS = 300  # renewed so early; the old one stays valid so long
FORCED_APART_SECONDS = 30
FORCED_PER_DAY = 20

MESSAGES = {
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40013: "invalid appid",
    40029: "invalid code",
    40125: "invalid appsecret",
    40163: "code been used",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    43001: "require GET method",
    43002: "require POST method",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
}


class ErrCode(Exception):
    """A refusal in the mini-program API's form: HTTP 200 with an errcode."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def errcode_answer(act: Callable[[], Answer]) -> Answer:
    """Return what `act` answers, a refusal as an errcode."""
    try:
        return act()
    except ErrCode as error:
        text = f"{MESSAGES[error.code]}, rid: {secrets.token_hex(12)}"
        return _answer({"errcode": error.code, "errmsg": text})


def _answer(value: object) -> Answer:
    # WeChat labels its JSON as text.
    return json_answer(200, value, "text/plain")


class MiniProgram:
    """The three endpoints on one world's books."""

    def __init__(self, world: World, books: Books, clock: Clock) -> None:
        self._world = world
        self._books = books
        self._clock = clock
        self._logins = itertools.count(1)

    def login(self, request: Request) -> Answer:
        """Answer jscode2session.

        Raises:
            ErrCode: as WeChat refuses.
        """
        if request.method != "GET":
            raise ErrCode(43001)
        code = self._login_parameters(request.query)
        found = LOGIN_CODE.fullmatch(code)
        if not found:
            raise ErrCode(40029)
        if found["once"] and not self._books.code_spend(code):
            raise ErrCode(40163)
        return _answer(self._session(found["name"] or found["once"]))

    def _login_parameters(self, query: Mapping[str, str]) -> str:
        self._check_account(query.get("appid"), query.get("secret"))
        if query.get("grant_type") != "authorization_code":
            raise ErrCode(40002)
        if not query.get("js_code"):
            raise ErrCode(41008)
        return query["js_code"]

    def _check_account(self, appid: object, secret: object) -> None:
        if not appid:
            raise ErrCode(41002)
        if not secret:
            raise ErrCode(41004)
        if appid != self._world["appid"]:
            raise ErrCode(40013)
        if secret != self._world["secret"]:
            raise ErrCode(40125)

    def _session(self, name: str) -> dict[str, object]:
        openid = openid_of(self._world["appid"], name)
        self._books.shopper_add(openid, name)
        session = {
            "session_key": base64.b64encode(secrets.token_bytes(16)).decode(),
            "openid": openid,
        }
        # WeChat sends errcode 0 with a success now and then: here every other time.
        spoken = next(self._logins) % 2 == 0
        return {**session, "errcode": 0, "errmsg": "ok"} if spoken else {**session}

    def token(self, request: Request) -> Answer:
        """Answer stable_token.

        Raises:
            ErrCode: as WeChat refuses.
        """
        wanted = self._posted(request)
        if wanted.get("grant_type") != "client_credential":
            raise ErrCode(40002)
        self._check_account(wanted.get("appid"), wanted.get("secret"))
        with self._books.transaction():
            forced = wanted.get("force_refresh") is True
            token, expires_at = self._token_forced() if forced else self._token()
        left = min(TOKEN_SECONDS, int(expires_at - self._clock.now()))
        return _answer({"access_token": token, "expires_in": left})

    def _posted(self, request: Request) -> dict[str, object]:
        if request.method != "POST":
            raise ErrCode(43002)
        try:
            return request.json_object()
        except ValueError as error:
            raise ErrCode(47001) from error

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
        self._books.tokens_end(now)
        return self._token_make(forced=True)

    def _token_make(self, *, forced: bool) -> tuple[str, float]:
        now = self._clock.now()
        token, expires_at = secrets.token_urlsafe(396), now + TOKEN_SECONDS
        self._books.token_add(
            token, issued_at=now, expires_at=expires_at, forced=forced
        )
        return token, expires_at

    def phone(self, request: Request) -> Answer:
        """Answer getuserphonenumber.

        Raises:
            ErrCode: as WeChat refuses.
        """
        if request.method != "POST":
            raise ErrCode(43002)
        self._check_token(request.query.get("access_token"))
        code = self._posted(request).get("code")
        if not code or not isinstance(code, str):
            raise ErrCode(41008)
        found = PHONE_CODE.fullmatch(code)
        if not found:
            raise ErrCode(40029)
        facts = self._phone_info(found["phone"])
        return _answer({"errcode": 0, "errmsg": "ok", "phone_info": facts})

    def _check_token(self, token: str | None) -> None:
        if not token:
            raise ErrCode(41001)
        expires_at = self._books.token_expires_at(token)
        if expires_at is None or expires_at <= self._clock.now():
            raise ErrCode(40001)

    def _phone_info(self, phone: str) -> dict[str, object]:
        watermark = {
            "timestamp": int(self._clock.now()),
            "appid": self._world["appid"],
        }
        return {
            "phoneNumber": phone,
            "purePhoneNumber": phone,
            "countryCode": "86",
            "watermark": watermark,
        }


def openid_of(appid: str, name: str) -> str:
    """Return the shopper's openid, 28 characters, always the same for an appid."""
    digest = hashlib.sha256(f"{appid}:{name}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]
