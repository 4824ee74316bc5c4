"""One line and one measure for each request."""

import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path
from django.utils.functional import LazyObject

from shop.api.client_address import client_address
from shop.logs.config import ACCESS
from shop.metrics import REQUESTS

logger = logging.getLogger(ACCESS)

UNMATCHED = "unmatched"
_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


_LINE = (
    "%(method)s %(path)s %(status)d %(milliseconds)s ms, %(bytes)s bytes,"
    " user %(user_id)s, %(client)s, %(route)s"
)


class AccessMiddleware:
    """Tell who asked for what, and how it ended; never with what query or body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        labels = method_of(request), route_of(request), str(response.status_code)
        REQUESTS.labels(*labels).observe(seconds)
        _log(request, response, seconds)
        return response


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    facts: dict[str, Any] = {
        "user_id": _user_id(request),
        "route": route_of(request),
        "method": method_of(request),
        # Escaped: a line end in it would begin a line of its own.
        "path": escape_uri_path(request.path),
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
        "bytes": _bytes(response),
        "client": client_address(request),
    }
    # Made here: the logger would look for the caller in the stack.
    record = logging.LogRecord(ACCESS, logging.INFO, __file__, 0, _LINE, (facts,), None)
    record.access = facts
    logger.handle(record)


def method_of(request: HttpRequest) -> str:
    """Return the method; made-up ones are one and the same."""
    method = request.method or ""
    return method if method in _METHODS else "other"


def route_of(request: HttpRequest) -> str:
    """Return the template of the route, `/api/products/{pk}`: never what was typed."""
    match = request.resolver_match
    return _template(match.route) if match else UNMATCHED


@lru_cache(maxsize=512)
def _template(route: str) -> str:
    route = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", route)
    route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    return "/" + re.sub(r"[\^$\\]|\\Z", "", route)


def _user_id(request: HttpRequest) -> int | None:
    """Return who was found; looking now would cost a query for each visitor."""
    user = request.__dict__.get("user")
    if isinstance(user, LazyObject):
        user = getattr(request, "_cached_user", None)
    return getattr(user, "pk", None)


def _bytes(response: HttpResponseBase) -> int:
    if length := response.headers.get("Content-Length"):
        return int(length)
    return len(getattr(response, "content", b""))
