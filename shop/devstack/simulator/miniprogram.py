"""The mini-program server API: login and phone number."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import secrets
from collections.abc import Mapping

from .books import Books
from .clock import Clock
from .errcodes import ErrCode, mini_answer, posted
from .messages import Answer, Request
from .tokens import Tokens, account_check
from .world import World

LOGIN_CODE = re.compile(r"sim-(?P<name>\S{1,64})|once-(?P<once>\S{1,64})-[0-9A-Za-z]+")
PHONE_CODE = re.compile(r"simphone-(?P<phone>[0-9]{11})")


class MiniProgram:
    """The endpoints on one world's books."""

    def __init__(
        self, world: World, books: Books, clock: Clock, tokens: Tokens
    ) -> None:
        self._world = world
        self._books = books
        self._clock = clock
        self._tokens = tokens
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
        return mini_answer(self._session(found["name"] or found["once"]))

    def _login_parameters(self, query: Mapping[str, str]) -> str:
        account_check(self._world, query.get("appid"), query.get("secret"))
        if query.get("grant_type") != "authorization_code":
            raise ErrCode(40002)
        if not query.get("js_code"):
            raise ErrCode(41008)
        return query["js_code"]

    def _session(self, name: str) -> dict[str, object]:
        openid = openid_of(self._world["appid"], name)
        self._books.shopper_add(openid, name, seen_at=self._clock.now())
        session = {
            "session_key": base64.b64encode(secrets.token_bytes(16)).decode(),
            "openid": openid,
        }
        # WeChat sends errcode 0 with a success now and then: here every other time.
        spoken = next(self._logins) % 2 == 0
        return {**session, "errcode": 0, "errmsg": "ok"} if spoken else {**session}

    def phone(self, request: Request) -> Answer:
        """Answer getuserphonenumber.

        Raises:
            ErrCode: as WeChat refuses.
        """
        if request.method != "POST":
            raise ErrCode(43002)
        self._tokens.check(request)
        code = posted(request).get("code")
        if not code or not isinstance(code, str):
            raise ErrCode(41008)
        found = PHONE_CODE.fullmatch(code)
        if not found:
            raise ErrCode(40029)
        facts = self._phone_info(found["phone"])
        return mini_answer({"errcode": 0, "errmsg": "ok", "phone_info": facts})

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
