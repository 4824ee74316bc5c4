"""The id that ties a response to its log lines."""

import random
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from shop.logs.context import context_set

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id_make() -> str:
    """Return an id to be told apart by, and no secret."""
    # Without a call of the system for each.
    return f"{random.getrandbits(128):032x}"  # nosec B311


class RequestIdMiddleware:
    """Keep the caller's X-Request-ID if it is sane, else make one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Not `request.headers`, which would read them all.
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if _SANE.fullmatch(sent) else request_id_make()
        context_set(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response
