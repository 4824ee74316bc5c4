"""Whether a shopper takes messages, and the end of all access tokens."""

from __future__ import annotations

from shop.devstack.simulator.books import Books
from shop.devstack.simulator.messages import Answer, Request, json_answer
from shop.devstack.simulator.miniprogram import openid_of
from shop.devstack.simulator.tokens import REFUSED, Tokens
from shop.devstack.simulator.world import World

from .base import ControlError, flag_read, text_read, wanted_read

TOKEN_ERRCODES = (40001, 40014, 42001)


class MiniProgramControl:
    """Decides what shoppers and time decide."""

    def __init__(self, world: World, books: Books, tokens: Tokens) -> None:
        self._world = world
        self._books = books
        self._tokens = tokens

    def subscribe(self, request: Request) -> Answer:
        """Let a shopper refuse messages, or accept them again.

        Raises:
            ControlError: 400 when it is not said who, or what.
        """
        wanted = wanted_read(request)
        if "name" in wanted:
            openid = openid_of(self._world["appid"], text_read(wanted, "name"))
        else:
            openid = text_read(wanted, "openid")
        if "accepts" not in wanted:
            raise ControlError(400, "accepts wanted")
        accepts = flag_read(wanted, "accepts")
        self._books.refuser_set(openid, accepts=accepts)
        return json_answer(200, {"openid": openid, "accepts": accepts})

    def tokens_end(self, request: Request) -> Answer:
        """End all access tokens; the shop must fetch a new one.

        Raises:
            ControlError: 400 for an errcode that no ended token is refused with.
        """
        errcode = wanted_read(request).get("errcode", REFUSED)
        if type(errcode) is not int or errcode not in TOKEN_ERRCODES:
            known = ", ".join(map(str, TOKEN_ERRCODES))
            raise ControlError(400, f"errcode is one of {known}")
        self._tokens.end_all(errcode)
        return json_answer(200, {"errcode": errcode})
