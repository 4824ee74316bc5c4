"""The views of public reads: what is kept is sent without asking the database."""

import hashlib
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, NamedTuple

from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.request import Request
from rest_framework.views import APIView

from shop.api.envelope import JSON, renderable, written
from shop.api.exceptions import exception_response
from shop.api.kept.flights import Flights
from shop.api.kept.store import (
    KEPT_SECONDS,
    Answer,
    Found,
    answer_find,
    answer_keep,
    is_wanted,
)
from shop.api.ratelimit import Window, read_window
from shop.replica.routing import REPLICA, replica_call

_READS = {"GET", "HEAD"}
_flights = Flights()


class _Ask(NamedTuple):
    """What is asked for."""

    url: str
    # It was asked for before: somebody may want it once more.
    is_again: bool
    # The last edit by staff, as `Found` has it.
    edit: bytes | None
    began: float


class KeptReads(APIView):
    """Answer GET and HEAD to everybody alike, with what is kept if it can.

    A handler of these two returns the data of the answer, and no response.
    These two pass by DRF's `dispatch`: there is nobody to recognise, nothing to permit,
    no body to parse and one format; that took half of the time of a read. The limit of
    the address is counted here; refusals are DRF's.
    """

    # The query parameters that matter, each with the value that is as good as none.
    kept_query: ClassVar[Mapping[str, str]] = {}
    # So long an answer holds. A handler that knows of a sooner end sets it lower.
    kept_seconds: float = KEPT_SECONDS

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if request.method not in _READS:
            return super().dispatch(request, *args, **kwargs)
        try:
            return self._response(request, kwargs)
        except Exception as error:
            return renderable(exception_response(error, {}))
        finally:
            # A viewset holds its own methods: all of the request would live on until
            # the collector finds it, and stops everything for 20 ms.
            vars(self).clear()

    def _response(self, request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
        # Before anything is read: what comes later may be newer, never older.
        now, began = int(time.time()), time.monotonic()
        url = self._canonical(request)
        is_again = is_wanted(url)
        found = _found(url, read_window(request), is_again=is_again)
        ask = _Ask(url, is_again, found.edit, began)
        # A transaction may see what nobody else ever will.
        if connection.in_atomic_block:
            answer = self._read(request, kwargs)
        elif found.answer:
            answer = found.answer
        elif is_again:
            make = partial(self._make, request, kwargs, ask)
            answer = _flights.share((found.edit, url), make)
        else:
            answer = self._make(request, kwargs, ask)
        return _sent(request, answer, now)

    def _canonical(self, request: HttpRequest) -> str:
        """Name what is asked for: the same for all ways to ask for it."""
        if not request.META.get("QUERY_STRING"):
            return request.path
        asked = request.GET
        matter = [
            (name, value)
            for name, none in self.kept_query.items()
            if (value := asked.get(name, none)) != none
        ]
        return f"{request.path}?{matter}" if matter else request.path

    def _make(self, request: HttpRequest, kwargs: dict[str, Any], ask: _Ask) -> Answer:
        """Read from the database; keep it until it is `kept_seconds` old.

        Right after an edit from the primary: a replica may not know of it yet.
        """
        if ask.edit:
            answer = self._read(request, kwargs)
        else:
            answer = replica_call(self._read, request, kwargs)
        if ask.is_again and ask.edit is not None:
            seconds = self.kept_seconds - (time.monotonic() - ask.began)
            answer_keep(ask.url, answer, edit=ask.edit, seconds=seconds)
        return answer

    def _read(self, request: HttpRequest, kwargs: dict[str, Any]) -> Answer:
        asked = self.request = Request(request)
        # It holds itself, for parsers; there is no body to parse.
        asked.parser_context.clear()
        handler = getattr(self, str(request.method).lower())
        body = written(handler(asked, **kwargs))
        return Answer(hashlib.blake2b(body, digest_size=12).hexdigest().encode(), body)


def _found(url: str, window: Window | None, *, is_again: bool) -> Found:
    """Ask Valkey for an answer and for the last edit, and have it count.

    Not for what nobody asked for before: there is no answer, and the count can wait.
    But who reads from a replica has to know of the last edit.
    """
    can_wait = not is_again and REPLICA not in connections
    if can_wait and (window is None or window.postpone()):
        return Found()
    found = answer_find(url, window)
    if window:
        window.allow(found.count)
    return found


def _sent(request: HttpRequest, answer: Answer, now: int) -> HttpResponse:
    response = HttpResponse(answer.body, content_type=JSON)
    etag = f'"{answer.etag.decode()}"'
    response["ETag"] = etag
    # Clients may keep it, and ask each time whether it is still the same.
    response["Cache-Control"] = "no-cache"
    if "HTTP_IF_NONE_MATCH" in request.META:
        shorter = get_conditional_response(request, etag, response=response)
        response = shorter or response
    # For nginx: until the end of this second.
    response["X-Accel-Expires"] = f"@{now}"
    return response
