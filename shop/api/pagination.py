"""Pages by number: page from 1, size 1 to 100."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from shop.errors import Invalid

SIZE_DEFAULT = 10
SIZE_MAX = 100
# PostgreSQL's bigint; a page beyond it is past every end.
_OFFSET_MAX = 2**63 - 1


class PaginationSerializer(serializers.Serializer[Any]):
    """Where a page stands."""

    total = serializers.IntegerField()
    page = serializers.IntegerField()
    size = serializers.IntegerField()
    totalPages = serializers.IntegerField()


class PagePagination(BasePagination):
    """Cut a page from a queryset; a page past the end reads no row."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any]:
        """Return the rows of the page.

        Raises: Invalid, when page or size is not a whole number in its range.
        """
        self.page = whole_number(request, "page", 1, None)
        self.size = whole_number(request, "size", SIZE_DEFAULT, SIZE_MAX)
        self.total, rows = self.cut(queryset, (self.page - 1) * self.size, self.size)
        return rows

    def cut(self, queryset: Any, start: int, size: int) -> tuple[int, list[Any]]:
        """Return the total and the page's rows; a subclass may know a cheaper way."""
        total: int = queryset.count()
        if start >= min(total, _OFFSET_MAX):
            return total, []
        return total, list(queryset[start : start + size])

    def paged(self, data: Any) -> dict[str, Any]:
        """Return the page that was cut, of what its rows are shown as."""
        return pagination(data, self.total, self.page, self.size)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(self.paged(data))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        whole = {"type": "integer", "minimum": 0}
        names = ("total", "page", "size", "totalPages")
        return {
            "type": "object",
            "required": ["list", "pagination"],
            "properties": {
                "list": schema,
                "pagination": {
                    "type": "object",
                    "required": list(names),
                    "properties": dict.fromkeys(names, whole),
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in _page_schemas(SIZE_DEFAULT).items()
        ]


def page_parameters(size: int = SIZE_DEFAULT) -> list[OpenApiParameter]:
    """Describe the parameters of a page to a view that cuts it by itself.

    `size` is what it takes when none is sent.
    """
    schemas = _page_schemas(size)
    return [OpenApiParameter(name, schema) for name, schema in schemas.items()]


def pagination(rows: Any, total: int, page: int, size: int) -> dict[str, Any]:
    """Return the two parts of every list."""
    return {
        "list": rows,
        "pagination": {
            "total": total,
            "page": page,
            "size": size,
            "totalPages": -(-total // size),
        },
    }


def whole_number(request: Request, name: str, default: int, maximum: int | None) -> int:
    """Read a query parameter that counts from 1.

    Raises: Invalid.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    # ASCII digits alone: int() would also take "１" and "1_0"; 4,300 digits crash it.
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 1000):
        raise Invalid.field(name, f"{name}必须是数字")
    if (number := int(text)) < 1:
        raise Invalid.field(name, f"{name}不能小于1")
    if maximum is not None and number > maximum:
        raise Invalid.field(name, f"{name}不能大于{maximum}")
    return number


def _page_schemas(size: int) -> dict[str, dict[str, Any]]:
    number = {"type": "integer", "minimum": 1}
    return {
        "page": {**number, "default": 1},
        "size": {**number, "maximum": SIZE_MAX, "default": size},
    }
