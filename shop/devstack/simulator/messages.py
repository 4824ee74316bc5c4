"""Requests and answers, before and after any protocol of WeChat's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One HTTP request; `target` is path and query byte for byte as sent."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """Return the path, still percent-encoded."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        """Return the query's parameters; of a repeated one the last counts."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def json_object(self) -> dict[str, object]:
        """Return the body as a JSON object.

        Raises:
            ValueError: it is something else.
        """
        try:
            value = json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(value, dict):
            raise ValueError("not an object")
        # A lone surrogate (\ud800) is legal JSON and cannot be written back as UTF-8.
        json.dumps(value, ensure_ascii=False).encode()
        return value


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class HangUp(Exception):
    """The connection ends without an answer, by a reset or an orderly close."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("reset" if reset else "close")
        self.reset = reset


def json_answer(status: int, value: object, content_type: str = JSON) -> Answer:
    """Return `value` as a JSON answer."""
    return Answer(status, json_bytes(value), content_type)


def json_bytes(value: object) -> bytes:
    """Return compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
