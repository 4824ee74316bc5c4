"""The judgement of texts: msg_sec_check, both of its versions.

Source: WX/…/sec-center/sec-check/api_msgseccheck. What is bad is agreed on: the text
that WeChat gives for trying, and two made-up words.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from .books import Books
from .clock import Clock
from .errcodes import ErrCode, mini_answer, posted
from .messages import Answer, Request
from .tokens import Tokens

RISKY = ("特3456书yuuo莞6543李zxcz蒜7782法fgnv级", "sim-risky")
DOUBTFUL = "sim-review"
PASS, REVIEW, BAD = ("pass", 100), ("review", 10001), ("risky", 20006)
MOST_CHARACTERS = 2500
SEEN_SECONDS = 2 * 3600
TEXTS = ("content", "nickname", "title", "signature")
SCENES = (1, 2, 3, 4)


class Content:
    """The endpoint on one world's books."""

    def __init__(self, books: Books, clock: Clock, tokens: Tokens) -> None:
        self._books = books
        self._clock = clock
        self._tokens = tokens

    def check(self, request: Request) -> Answer:
        """Answer what WeChat would do with a text.

        Raises:
            ErrCode: as WeChat refuses; a bad text only in the first version.
        """
        self._tokens.check(request)
        body = posted(request)
        texts = [_text(body, name) for name in TEXTS]
        if not texts[0]:
            raise ErrCode(44002)
        if "version" not in body:
            if _judged(texts) == BAD:
                raise ErrCode(87014)
            return mini_answer({"errcode": 0, "errmsg": "ok"})
        self._check_second(body)
        suggest, label = _judged(texts)
        result = {"suggest": suggest, "label": label}
        detail = {"strategy": "content_model", "errcode": 0, "prob": 90, **result}
        return mini_answer(
            {
                "errcode": 0,
                "errmsg": "ok",
                "result": result,
                "detail": [detail],
                "trace_id": secrets.token_hex(16),
            }
        )

    def _check_second(self, body: Mapping[str, object]) -> None:
        """Check what the second version asks for besides."""
        if body["version"] != 2:
            raise ErrCode(47001, "version")
        if body.get("scene") not in SCENES:
            raise ErrCode(40129)
        seen_at = self._books.shopper_seen_at(_text(body, "openid"))
        if seen_at is None:
            raise ErrCode(40003)
        if seen_at < self._clock.now() - SEEN_SECONDS:
            raise ErrCode(61010)


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        raise ErrCode(47001, name)
    return value


def _judged(texts: list[str]) -> tuple[str, int]:
    said = " ".join(texts)
    if any(word in said for word in RISKY):
        return BAD
    return REVIEW if DOUBTFUL in said else PASS
