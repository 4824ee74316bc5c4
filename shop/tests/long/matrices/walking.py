"""Every route once, in the process and by its lane; before each call something else."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from rest_framework.test import APIRequestFactory

from shop.api.lane import LaneHandler
from shop.tests.every_route import path_of
from shop.tests.routes import CONTRACT
from shop.tests.tables import changes, rows

JSON = "application/json"
_factory = APIRequestFactory()


class Answer:
    """What a handler answers to what gunicorn hands over."""

    def __init__(self, handler: Any, environ: dict[str, Any]) -> None:
        parts = handler(environ, self._start)
        self.content = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status_code, self.headers = int(status[:3]), dict(headers)

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Sent:
    """A request that succeeds as it is: its route, id, token and body."""

    handler: LaneHandler
    route: str
    sample: str
    token: str
    options: dict[str, Any]

    @property
    def kind(self) -> str:
        return CONTRACT[self.route][0]

    @property
    def path(self) -> str:
        return path_of(self.route, self.sample)[1]

    def having(self, **options: Any) -> "Sent":
        """Return it with another body."""
        return replace(self, options=self.options | options)

    @property
    def body(self) -> tuple[bytes, str]:
        """Return the bytes and the content type, which is empty without a body."""
        if "json" in self.options:
            return json.dumps(self.options["json"]).encode(), JSON
        fields = dict(self.options.get("data", {}))
        for name, content in self.options.get("files", {}).items():
            fields[name] = SimpleUploadedFile("a.png", content, "image/png")
        if fields:
            return encode_multipart(BOUNDARY, fields), MULTIPART_CONTENT
        return b"", ""

    def send(
        self,
        *,
        method: str = "",
        header: str | None = None,
        body: tuple[bytes, str] | None = None,
        **more: str,
    ) -> Answer:
        """Send it, or what differs from it: method, Authorization, body, headers."""
        content, content_type = self.body if body is None else body
        if header is None and self.token:
            header = f"Bearer {self.token}"
        request = _factory.generic(
            method or self.route.partition(" ")[0],
            self.path,
            content,
            content_type or JSON,
            query_params=self.options.get("params", {}),
            **({"HTTP_AUTHORIZATION": header} if header else {}),
            **more,
        )
        if not content_type:
            request.environ.pop("CONTENT_TYPE", None)
        request.environ["wsgi.input"] = io.BytesIO(content)
        return Answer(self.handler, request.environ)


class Walk:
    """Send each request that succeeds, once `first` has done what it does with it."""

    def __init__(self, first: Callable[[Sent], None]) -> None:
        self._first, self._handler = first, LaneHandler()
        self.seen = set[str]()

    def __call__(
        self, route: str, sample: str = "", token: str = "", **options: Any
    ) -> Any:
        sent = Sent(self._handler, route, sample, token, options)
        self._first(sent)
        answer = sent.send()
        assert answer.status_code == CONTRACT[route][1], (route, answer.content)
        self.seen.add(route)
        return answer.json()["data"]


def unwritten(attack: Callable[[Sent], Any]) -> Callable[[Sent], None]:
    """Return the attack with the check that no row came, went or changed."""

    def checked(sent: Sent) -> None:
        before = rows()
        attack(sent)
        assert changes(before, rows()) == {}, sent.route

    return checked


def undone(act: Callable[[], Any]) -> Any:
    """Return what `act` does, which leaves no trace in the database."""
    # No atomic(): a durable one could not stand in it.
    point = transaction.savepoint()
    try:
        return act()
    finally:
        transaction.savepoint_rollback(point)
