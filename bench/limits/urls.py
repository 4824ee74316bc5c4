"""A view of each kind."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

ANSWER: dict[str, Any] = {"code": 0, "message": "成功", "data": None}


def bare(request: HttpRequest) -> JsonResponse:
    """Answer a small JSON."""
    return JsonResponse(ANSWER)


class BareAPIView(APIView):
    """Answer the same."""

    def get(self, request: Request) -> Response:
        return Response(ANSWER)


urlpatterns = [path("django", bare), path("drf", BareAPIView.as_view())]
