"""Subscribe messages, which a shopper may refuse."""

from __future__ import annotations

import secrets
from dataclasses import asdict

from .books import Books
from .errcodes import ErrCode, mini_answer, posted
from .messages import Answer, Request
from .records import Message
from .subscribe_form import message_form_read
from .tokens import Tokens


class Subscribe:
    """The endpoint on one world's books."""

    def __init__(self, books: Books, tokens: Tokens) -> None:
        self._books = books
        self._tokens = tokens

    def send(self, request: Request) -> Answer:
        """Send a message, and enter it.

        Raises:
            ErrCode: as WeChat refuses.
        """
        self._tokens.check(request)
        form = message_form_read(posted(request))
        if not self._books.shopper_exists(form.touser):
            raise ErrCode(40003)
        if self._books.refuser_is(form.touser):
            raise ErrCode(43101)
        message = Message(msgid=secrets.randbelow(2**53), **asdict(form))
        self._books.message_add(message)
        return mini_answer({"errcode": 0, "errmsg": "ok", "msgid": message.msgid})
