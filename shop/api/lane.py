"""The lane beside Django's middlewares, for what is asked for most.

The resolver, a dozen middlewares that the API only passes, the signals around them and
DRF's dispatch make up more than a third of a short answer. A lane leaves them out and
answers the same; whatever is odd about a request goes Django's way.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.module_loading import import_string
from rest_framework.response import Response

from shop.api.envelope import rendered
from shop.api.exceptions import exception_response
from shop.api.request_id import RequestIdMiddleware
from shop.handler import Utf8Handler
from shop.logs.access import AccessMiddleware
from shop.policies import PolicyMiddleware

_JSON = "application/json"
_BODILESS = {"GET"}
_SOME_BYTES = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True)
class Lane:
    """A method and a path with a view of their own, a plain function.

    `route` is what the log and the figures call the path. The view gets the groups of
    the path by their names; what it raises is answered as by any view of the API.
    """

    method: str
    path: re.Pattern[str]
    route: str
    view: Callable[..., HttpResponse | Response]


class LaneRequest(WSGIRequest):
    """A request that has found its lane."""

    def __init__(self, environ: dict[str, Any], lane: Lane, found: re.Match[str]):
        super().__init__(environ)
        # What the access line asks for its route.
        self.resolver_match: Any = lane
        self.lane = lane
        self.lane_values = found.groupdict()


class LaneHandler(Utf8Handler):
    """Answer what has a lane; lead everything else through Django."""

    def __init__(self) -> None:
        super().__init__()
        self._lanes: dict[str, list[Lane]] = {}
        for name in settings.API_LANES:
            for lane in import_string(name):
                self._lanes.setdefault(lane.method, []).append(lane)
        # The two that stand around all others in the settings, too.
        self._drive = RequestIdMiddleware(AccessMiddleware(_view_call))

    def answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer by the lane of the request, or else Django's way."""
        request = self._entered(environ)
        if request is None:
            return super().answer(environ, start_response)
        response = self._drive(request)
        # What Django does when it signals the end of a request.
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        return _sent(request, response, start_response)

    def _entered(self, environ: dict[str, Any]) -> LaneRequest | None:
        for lane in self._lanes.get(environ["REQUEST_METHOD"], ()):
            if found := lane.path.fullmatch(environ["PATH_INFO"]):
                is_plain = _is_plain(environ)
                return LaneRequest(environ, lane, found) if is_plain else None
        return None


def _view_call(request: HttpRequest) -> HttpResponse:
    """Call the view of the lane; what it answers for DRF is written out."""
    if not isinstance(request, LaneRequest):
        raise TypeError("only what has found its lane comes here")
    try:
        response = request.lane.view(request, **request.lane_values)
    except Exception as error:
        response = exception_response(error, {})
    if isinstance(response, Response):
        rendered(response)
    return response


def _sent(
    request: LaneRequest, response: HttpResponse, start_response: Any
) -> Sequence[bytes]:
    body = response.content
    head = [*response.items(), *_dress(request.is_secure())]
    head.append(("Content-Length", str(len(body))))
    start_response(f"{response.status_code} {response.reason_phrase}", head)
    return [body]


def _is_plain(environ: Mapping[str, Any]) -> bool:
    """Tell a request of which no middleware that is left out would say a word."""
    return (
        _is_own(environ.get("HTTP_HOST", ""))
        and _is_secure_enough(environ)
        and "HTTP_TRANSFER_ENCODING" not in environ
        and (
            environ["REQUEST_METHOD"] in _BODILESS
            or environ.get("CONTENT_TYPE", "").partition(";")[0] == _JSON
            and _SOME_BYTES.fullmatch(environ.get("CONTENT_LENGTH", "")) is not None
        )
    )


@lru_cache(maxsize=64)
def _is_own(host: str) -> bool:
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def _is_secure_enough(environ: Mapping[str, Any]) -> bool:
    if not settings.SECURE_SSL_REDIRECT:
        return True
    name, value = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    return bool(environ.get(name) == value or environ["wsgi.url_scheme"] == "https")


@lru_cache(maxsize=2)
def _dress(is_secure: bool) -> Sequence[tuple[str, str]]:
    """Return the headers that the middlewares left out add to each answer."""
    request: Any = HttpRequest()
    request.is_secure = lambda: is_secure
    response = HttpResponse()
    for middleware in (
        PolicyMiddleware,
        SecurityMiddleware,
        XFrameOptionsMiddleware,
    ):
        middleware(lambda _: response).process_response(request, response)
    del response["Content-Type"]
    return list(response.items())
