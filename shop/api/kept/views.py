"""The views of public reads: what is kept is sent without asking the database."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api.envelope import EnvelopeRenderer, renderable
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
from shop.api.ratelimit import read_allow, read_window
from shop.replica.routing import replica_read

_READS = {"GET", "HEAD"}
_JSON = "application/json; charset=utf-8"
_flights = Flights()


class KeptReads(APIView):
    """Answer GET and HEAD to everybody alike, with what is kept if it can.

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

    def _response(self, request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
        # Before anything is read: what comes later may be newer, never older.
        now, began = int(time.time()), time.monotonic()
        url = self._canonical(request)
        window = read_window(request)
        found = answer_find(url, window)
        if window:
            read_allow(window, count=found.count)
        # A transaction may see what nobody else ever will.
        if connection.in_atomic_block:
            answer = _answer(self._read(request, kwargs))
        else:
            answer = found.answer or _flights.share(
                (found.edit, url),
                lambda: self._make(request, kwargs, url, found, began),
            )
        return _sent(request, answer, now)

    def _canonical(self, request: HttpRequest) -> str:
        """Name what is asked for: the same for all ways to ask for it."""
        asked = request.GET
        matter = [
            (name, value)
            for name, none in self.kept_query.items()
            if (value := asked.get(name, none)) != none
        ]
        return f"{request.path}?{matter}" if matter else request.path

    def _make(
        self,
        request: HttpRequest,
        kwargs: dict[str, Any],
        url: str,
        found: Found,
        began: float,
    ) -> Answer:
        """Read from the database, and keep it until it is `kept_seconds` old.

        Right after an edit from the primary: a replica may not know of it yet.
        """
        read = self._read if found.edit else replica_read(self._read)
        answer = _answer(read(request, kwargs))
        if found.edit is not None and is_wanted(url):
            seconds = self.kept_seconds - (time.monotonic() - began)
            answer_keep(url, answer, edit=found.edit, seconds=seconds)
        return answer

    def _read(self, request: HttpRequest, kwargs: dict[str, Any]) -> Response:
        self.request = Request(request)
        handler = getattr(self, str(request.method).lower())
        response: Response = handler(self.request, **kwargs)
        return response


def _answer(response: Response) -> Answer:
    body = EnvelopeRenderer().render(response.data, None, {"response": response})
    return Answer(hashlib.blake2b(body, digest_size=12).hexdigest().encode(), body)


def _sent(request: HttpRequest, answer: Answer, now: int) -> HttpResponse:
    response = HttpResponse(answer.body, content_type=_JSON)
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
