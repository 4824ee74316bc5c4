"""The JSON around every answer."""

from collections.abc import Mapping
from typing import Any

from rest_framework.pagination import PageNumberPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response


class EnvelopeRenderer(JSONRenderer):
    """Put what a view answers below `data`."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        answer = {"code": 0, "message": "成功", "data": data}
        return super().render(answer, accepted_media_type, renderer_context)


class Pages(PageNumberPagination):
    """Pages by number, with how many there are."""

    page_size = 10
    page_size_query_param = "size"
    max_page_size = 100

    def get_paginated_response(self, data: Any) -> Response:
        page: Any = self.page
        return Response(
            {
                "list": data,
                "pagination": {
                    "total": page.paginator.count,
                    "page": page.number,
                    "size": page.paginator.per_page,
                    "totalPages": page.paginator.num_pages,
                },
            }
        )
