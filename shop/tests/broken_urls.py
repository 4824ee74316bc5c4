"""The shop's URLs, and some that break in each way that a view can."""

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import ProgrammingError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.urls import handler400, handler403, handler404, handler500
from shop.urls import urlpatterns as shop_urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

FAULTS: dict[str, Exception] = {
    "crash": ValueError("s3cret of a crash"),
    "missing": Http404("s3cret"),
    "denied": PermissionDenied("s3cret"),
    "suspicious": SuspiciousOperation("s3cret"),
    "keyboard": AssertionError("s3cret"),
    "statement": ProgrammingError("s3cret"),
}


class BrokenView(APIView):
    """Raise in a view of the framework."""

    permission_classes = (AllowAny,)

    def get(self, request: Any, fault: str) -> Response:
        raise FAULTS[fault]


class SleepView(APIView):
    """Take longer than a statement may."""

    permission_classes = (AllowAny,)

    def get(self, request: Any) -> Response:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '50ms'; SELECT pg_sleep(5)")
        return Response()


class RowView(APIView):
    """Break a constraint with a row that holds a phone number."""

    permission_classes = (AllowAny,)

    def get(self, request: Any) -> Response:
        with connection.cursor() as cursor:
            # The number comes from the caller: a trace shows the lines of the source.
            cursor.execute(
                "INSERT INTO accounts_address (phone) VALUES (%s)",
                [request.query_params["phone"]],
            )
        return Response()


def broken(request: HttpRequest, fault: str) -> HttpResponse:
    """Raise in a plain view."""
    raise FAULTS[fault]


urlpatterns = [
    path("api/broken/<fault>", BrokenView.as_view()),
    path("api/broken-plain/<fault>", broken),
    path("api/sleep", SleepView.as_view()),
    path("api/row", RowView.as_view()),
    path("outside/<fault>", broken),
    *shop_urlpatterns,
]
