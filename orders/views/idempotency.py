"""The key by which a client marks what it sends twice."""

from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from shop.errors import Invalid

_HEADER = "Idempotency-Key"
_VARIABLE = "HTTP_IDEMPOTENCY_KEY"
_KEY_MAX = 255


def idempotency_parameter(meaning: str) -> OpenApiParameter:
    """Describe the header in the schema."""
    return OpenApiParameter(
        _HEADER,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=f"At most {_KEY_MAX} characters; {meaning}",
    )


def idempotency_key(request: Request | HttpRequest) -> str | None:
    """Return the shopper's key.

    Raises: Invalid.
    """
    # Not `request.headers`, which would read them all.
    key: str = request.META.get(_VARIABLE, "")
    if not key:
        return None
    if len(key) > _KEY_MAX:
        raise Invalid.field(_HEADER, f"{_HEADER}长度不能超过{_KEY_MAX}")
    if not key.isprintable():
        raise Invalid.field(_HEADER, f"{_HEADER}格式不正确")
    return key
