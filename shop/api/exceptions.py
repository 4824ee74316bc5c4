"""One handler turns every failure under /api/ into the envelope."""

import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import render
from psycopg import errors as postgres
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import set_rollback

from shop.api.envelope import error_body
from shop.disk import is_full
from shop.errors import (
    Busy,
    Forbidden,
    Invalid,
    NotFound,
    ServiceUnavailable,
    ShopError,
    StorageFull,
)
from shop.health import NOT_MIGRATED, database_state
from shop.metrics import ERRORS
from shop.wechat.pay import NOTIFY_PATH, REFUND_NOTIFY_PATH

logger = logging.getLogger(__name__)

_JSON = "application/json"
# After that a caller may ask again for what needs the database.
_AWAY_SECONDS = 2

# Slug and message of what the framework itself refuses, by status.
_FRAMEWORK = {
    400: ("bad_request", "请求格式错误"),
    401: ("not_authenticated", "未登录"),
    403: ("forbidden", "没有权限"),
    404: ("not_found", "资源不存在"),
    405: ("method_not_allowed", "请求方法不允许"),
    413: ("too_large", "请求内容过大"),
    415: ("unsupported_media_type", "不支持的内容类型"),
    429: ("rate_limited", "请求过于频繁,请稍后再试"),
    500: ("server_error", "服务器错误,请稍后重试"),
}
# What Django raises while it reads a request; the last: the caller went away.
_CALLERS_FAULTS = (
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
    UnreadablePostError,
)


def exception_response(exc: Exception, context: dict[str, Any]) -> Response:
    """Answer an exception that a view raised; DRF calls this."""
    status, body, headers = _described(exc)
    set_rollback()
    response = Response(body, status=status, headers=headers)
    # A refusal is no event for the log, and a fault has been logged with its cause;
    # Django would add a line of its own to each.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _described(exc: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return status, body and headers of an exception; log it when it is ours."""
    error = as_shop_error(exc)
    if error is None:
        if isinstance(exc, drf.APIException):
            return _framework(exc.status_code, _drf_headers(exc))
        return _crash(exc)
    ERRORS.labels(error.code).inc()
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.http_status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    data = {"error": error.code, **error.facts}
    return (
        error.http_status,
        error_body(error.http_status, error.message, data),
        headers,
    )


def as_shop_error(exc: Exception) -> ShopError | None:
    """Return what an exception means to the caller; None when the fault is ours."""
    if isinstance(exc, ShopError):
        return exc
    if isinstance(exc, drf.ValidationError):
        return _invalid(exc)
    if isinstance(exc, Http404):
        return NotFound()
    if isinstance(exc, PermissionDenied):
        return Forbidden()
    if is_full(exc):
        # PostgreSQL's, or ours: Django keeps what a form brings on it.
        logger.error("no space left: %s", type(exc.__cause__ or exc).__name__)
        return StorageFull()
    if isinstance(exc, (OperationalError, InterfaceError)):
        return _database(exc)
    # A statement that no migration will mend is a fault of ours.
    if isinstance(exc, ProgrammingError) and database_state() == NOT_MIGRATED:
        logger.error("database not migrated: %s", type(exc.__cause__ or exc).__name__)
        return ServiceUnavailable(retry_after_seconds=_AWAY_SECONDS)
    return None


def _invalid(exc: drf.ValidationError) -> Invalid:
    fields = _field_messages(exc.detail)
    first = next(iter(fields.values()), ["参数错误"])[0]
    return Invalid(first, fields=fields)


def _field_messages(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten DRF's nested errors: {"items.0.quantity": ["数量必须是数字"]}."""
    if isinstance(detail, dict):
        pairs = list(detail.items())
    elif isinstance(detail, list) and any(isinstance(d, (dict, list)) for d in detail):
        pairs = list(enumerate(detail))
    else:
        texts = detail if isinstance(detail, list) else [detail]
        return {prefix or "nonFieldErrors": [str(text) for text in texts]}
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        if key == "non_field_errors":
            found |= _field_messages(value, prefix)
        elif value:
            found |= _field_messages(value, f"{prefix}.{key}" if prefix else str(key))
    return found


def _database(exc: Exception) -> ShopError:
    """Tell a lock or statement timeout (busy) from a database that is away."""
    cause = exc.__cause__
    waited = (
        postgres.LockNotAvailable,
        postgres.QueryCanceled,
        postgres.DeadlockDetected,
    )
    if isinstance(cause, waited):
        logger.warning("database busy: %s", type(cause).__name__)
        return Busy()
    logger.error("database unavailable: %s", type(cause or exc).__name__)
    return ServiceUnavailable(retry_after_seconds=_AWAY_SECONDS)


def _drf_headers(exc: drf.APIException) -> dict[str, str]:
    header = getattr(exc, "auth_header", None)
    return {"WWW-Authenticate": header} if header else {}


def _framework(
    status: int, headers: dict[str, str]
) -> tuple[int, dict[str, Any], dict[str, str]]:
    if status not in _FRAMEWORK:
        # gunicorn's 414 and 431 among them, and its 501 for a transfer coding that
        # there is not: the API has few codes.
        status = 500 if status >= 500 and status != 501 else 400
    slug, message = _FRAMEWORK[status]
    ERRORS.labels(slug).inc()
    return status, error_body(status, message, {"error": slug}), headers


def _crash(exc: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    if isinstance(exc, RequestDataTooBig):
        return _framework(413, {})
    if isinstance(exc, _CALLERS_FAULTS):
        return _framework(400, {})
    crash_log(exc)
    status, body, headers = _framework(500, {})
    if settings.DEBUG:
        body["data"]["debug"] = "".join(traceback.format_exception(exc))
    return status, body, headers


def crash_log(exc: Exception) -> None:
    """Log a fault with its trace, but no row: PostgreSQL's DETAIL holds the values."""
    if isinstance(exc, DatabaseError):
        diagnosis = getattr(exc.__cause__, "diag", None)
        logger.error(
            "unhandled error: %s %s %s\n%s",
            type(exc).__name__,
            getattr(diagnosis, "sqlstate", None),
            getattr(diagnosis, "constraint_name", None),
            "".join(traceback.format_tb(exc.__traceback__)),
        )
    else:
        logger.error("unhandled error", exc_info=exc)


def refusal(path: str, status: int, **headers: str) -> HttpResponse:
    """Return the envelope of what the framework refuses; for WeChat, its own form."""
    status, body, _ = _framework(status, {})
    if path.startswith((NOTIFY_PATH, REFUND_NOTIFY_PATH)):
        body = {"code": "FAIL", "message": body["message"]}
    return JsonResponse(body, status=status, headers=headers)


def _enveloped(path: str, page: HttpResponse) -> HttpResponse:
    """Return the envelope in place of a page: Django's own, or the schema's views'."""
    kept = {name: page[name] for name in ("Allow", "Retry-After") if name in page}
    return refusal(path, page.status_code, **kept)


class EnvelopeErrorsMiddleware:
    """Give the envelope to what fails under /api/ outside of a DRF view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_TRANSFER_ENCODING" in request.META:
            # Django reads a body by its length; without one it would read none, and
            # the request would pass as one that asks for nothing.
            return refusal(request.path, 400)
        response = self.get_response(request)
        if (
            response.status_code >= 400
            and request.path.startswith("/api/")
            and response.get("Content-Type", "").partition(";")[0] != _JSON
        ):
            return _enveloped(request.path, response)
        return response

    def process_exception(
        self, request: HttpRequest, exc: Exception
    ) -> HttpResponse | None:
        """Answer for a view that raised."""
        if not request.path.startswith("/api/"):
            return None
        status, body, headers = _described(exc)
        response = JsonResponse(body, status=status, headers=headers)
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response


def error_view(status: int) -> Callable[..., HttpResponse]:
    """Return Django's handler for a status: the envelope, in the admin a page."""

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return refusal(request.path, status)
        # Django calls its handlers while it handles the exception.
        cause = sys.exception()
        known = as_shop_error(cause) if isinstance(cause, Exception) else None
        return _page(request, status, known)

    return view


def _page(request: HttpRequest, status: int, error: ShopError | None) -> HttpResponse:
    """Return the page that stands alone: what others are made of may be away."""
    _, message = _FRAMEWORK[status]
    if error is not None:
        status, message = error.http_status, error.message
    facts = {"status": status, "message": message}
    page = render(request, "admin/refused.html", facts, status=status)
    if error is not None and error.retry_after_seconds is not None:
        page["Retry-After"] = str(error.retry_after_seconds)
    return page
